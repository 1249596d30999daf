-- name: read_mark
-- From which transaction on a change may not have been seen by who reads now, and in whose count.
select pg_snapshot_xmin(pg_current_snapshot())::text as mark,
       coalesce((select side || epoch from cyphr.switchboard where service = 'database'), '') as of;

-- name: changed_at_supabase
-- Who was written to by that transaction or a later one. Each table is read once and little of it leaves the database; who is
-- gone is not found.
select id from auth.users where age(xmin) <= age(%(mark)s::xid8::xid)
union select user_id from auth.identities where age(xmin) <= age(%(mark)s::xid8::xid)
union select user_id from auth.mfa_factors where age(xmin) <= age(%(mark)s::xid8::xid);

-- name: changed_here
select id from public.users where age(xmin) <= age(%(mark)s::xid8::xid)
union select user_id from public.account_emails where age(xmin) <= age(%(mark)s::xid8::xid)
union select user_id from public.cognito_accounts where age(xmin) <= age(%(mark)s::xid8::xid)
union select user_id from public.imported_passwords where age(xmin) <= age(%(mark)s::xid8::xid)
union select user_id from public.sign_in_methods where age(xmin) <= age(%(mark)s::xid8::xid)
union select user_id from public.mfa_factors where age(xmin) <= age(%(mark)s::xid8::xid);

-- name: read_links
-- Read before the people: a link without a person then means that the person was deleted.
select user_id, username, cognito_sub as sub from public.cognito_accounts
where user_id >= %(first)s and (%(only)s::uuid[] is null or user_id = any (%(only)s)) order by user_id limit %(limit)s;

-- name: read_passwords
-- returned: the SHA-256 of the hash that is kept of what Cognito has; pending: Supabase Auth has not got it yet.
select held.user_id, held.digest, held.forgotten_at is not null as forgotten, held.email, kept.digest as returned,
       kept.user_id is not null and kept.carried_at is null as pending
from public.imported_passwords held left join public.returning_passwords kept using (user_id)
where held.user_id >= %(first)s and (%(only)s::uuid[] is null or held.user_id = any (%(only)s)) order by held.user_id limit %(limit)s;

-- name: read_people
select p.id as user_id, p.full_name, e.email, p.suspended_at is not null as suspended,
       exists (select from public.sign_in_methods m where m.user_id = p.id and m.method = 'password') as has_password,
       (select jsonb_agg(jsonb_build_array(m.method, m.subject)) from public.sign_in_methods m
        where m.user_id = p.id and m.method not in ('password', 'email', 'phone')) as methods,
       (select jsonb_agg(f.id) from public.mfa_factors f
        where f.user_id = p.id and f.kind = 'totp' and f.confirmed_at is not null) as factors,
       exists (select from public.mfa_factors f
               where f.user_id = p.id and f.kind = 'passkey' and f.confirmed_at is not null) as has_passkey,
       exists (select from public.recovery_codes c where c.user_id = p.id) as has_recovery_codes
from public.users p left join public.account_emails e on e.user_id = p.id
where p.id >= %(first)s and (%(only)s::uuid[] is null or p.id = any (%(only)s)) order by p.id limit %(limit)s;

-- name: read_supabase_users
-- Of secrets only their SHA-256 leaves the database here. Metadata may be of any size and shape; a name is cut off.
select u.id as user_id, lower(u.email) as email, u.email_confirmed_at is not null as confirmed,
       u.phone, u.phone_confirmed_at is not null as phone_confirmed,
       coalesce(u.banned_until > now(), false) as banned, u.deleted_at is not null as deleted, u.is_anonymous,
       left(coalesce(u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'name', ''), 4096) as name,
       case when u.encrypted_password ~ '^\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}$'
            then encode(sha256(convert_to(u.encrypted_password, 'UTF8')), 'hex') end as password,
       coalesce(u.encrypted_password <> '' and u.encrypted_password !~ '^\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}$', false)
           as other_password,
       (select jsonb_agg(jsonb_build_array(i.provider, i.provider_id) order by i.provider, i.provider_id)
        from auth.identities i where i.user_id = u.id and i.provider not in ('email', 'phone')) as identities,
       (select jsonb_agg(jsonb_build_array(
                   f.id, encode(sha256(convert_to(concat_ws(':', f.secret, f.friendly_name), 'UTF8')), 'hex')
               ) order by f.id)
        from auth.mfa_factors f
        where f.user_id = u.id and f.factor_type = 'totp' and f.status = 'verified' and f.secret ~ '^[A-Z2-7]{16,}=*$'
       ) as factors,
       exists (
           select from auth.mfa_factors f where f.user_id = u.id and f.status = 'verified'
              and (f.factor_type <> 'totp' or f.secret is null or f.secret !~ '^[A-Z2-7]{16,}=*$')
       ) as other_factor
from auth.users u
where u.id >= %(first)s and (%(only)s::uuid[] is null or u.id = any (%(only)s)) order by u.id limit %(limit)s;

-- name: read_contested
-- Addresses that several have, however they are written: who comes first in each list holds it.
select lower(email), array_agg(id order by email_confirmed_at is null, is_sso_user, last_sign_in_at desc nulls last,
                               created_at nulls last, id)
from auth.users
where email <> '' and deleted_at is null and not is_anonymous
group by lower(email) having count(*) > 1;

-- name: who_has_proven_an_address
select user_id from public.account_emails where user_id = any (%(user_ids)s);

-- name: read_proven
select email, user_id from public.account_emails where email = any (%(emails)s);

-- name: read_secrets
-- The hashes themselves, of those whose are to be imported now.
select id, encrypted_password, encode(sha256(convert_to(encrypted_password, 'UTF8')), 'hex'),
       coalesce(updated_at, 'epoch')
from auth.users where id = any (%(user_ids)s);

-- name: read_factor_secrets
-- The secrets themselves, of the authenticators that are to be imported now.
select id, user_id, coalesce(nullif(trim(friendly_name), ''), 'Authenticator'), secret, created_at
from auth.mfa_factors where id = any (%(ids)s);

-- name: import_factor
insert into public.mfa_factors as held (id, user_id, kind, name, secret, created_at, confirmed_at)
select %(id)s, person.id, 'totp', %(name)s, %(secret)s, %(created_at)s, now()
from public.users person where person.id = %(user_id)s
on conflict (id) do update set name = excluded.name, secret = excluded.secret, last_counter = 0
where held.user_id = excluded.user_id;

-- name: remove_factor
delete from public.mfa_factors where id = %(id)s and user_id = %(user_id)s;

-- name: remove_recovery_codes
-- The codes that stand in for factors go with the last of them.
delete from public.recovery_codes c where c.user_id = %(user_id)s
   and not exists (select from public.mfa_factors f where f.user_id = c.user_id and f.confirmed_at is not null);

-- name: free_address
-- Whoever held the address before is brought over anew, as the person who holds it now was.
delete from public.imported_passwords where email = %(email)s and user_id <> %(user_id)s;

-- name: import_password
-- Nothing when a password was set in Cognito after Supabase last changed anything of this person, nor when Supabase has the
-- hash from us.
insert into public.imported_passwords as held (user_id, email, bcrypt, digest)
select %(user_id)s, %(email)s, %(bcrypt)s, %(digest)s
where not exists (
    select from public.returning_passwords kept where kept.user_id = %(user_id)s and kept.digest = %(digest)s
)
on conflict (user_id) do update
set email = excluded.email, bcrypt = excluded.bcrypt, digest = excluded.digest, imported_at = now(), forgotten_at = null
where held.forgotten_at is null
   or (held.forgotten_at < %(changed_at)s and held.digest is distinct from excluded.digest);

-- name: drop_outdated
-- What was imported just now was changed at Supabase after the one that is kept.
delete from public.returning_passwords kept using public.imported_passwords held
where kept.user_id = %(user_id)s and held.user_id = kept.user_id and held.bcrypt is not null
  and held.digest <> kept.digest and held.imported_at > kept.kept_at;

-- name: read_pending
-- Kept hashes that Supabase Auth has not got; known: the SHA-256 of the last that was seen there.
select kept.user_id, kept.bcrypt, kept.digest, kept.kept_at, held.digest as known
from public.returning_passwords kept left join public.imported_passwords held using (user_id)
where kept.carried_at is null and kept.user_id >= %(first)s order by kept.user_id limit %(limit)s;

-- name: carry_password
-- Not over one that was changed at Supabase since.
update auth.users u set encrypted_password = %(bcrypt)s, updated_at = now()
where u.id = %(user_id)s and u.deleted_at is null
  and (coalesce(u.updated_at, 'epoch') <= %(kept_at)s
       or coalesce(u.encrypted_password, '') !~ '^\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}$'
       or encode(sha256(convert_to(u.encrypted_password, 'UTF8')), 'hex') in (%(known)s, %(digest)s))
returning true;

-- name: note_carried
update public.returning_passwords set carried_at = clock_timestamp() where user_id = %(user_id)s and digest = %(digest)s;

-- name: know_password
-- What Supabase Auth has is what Cognito has: it is not imported, and a later one is told from it.
insert into public.imported_passwords as held (user_id, digest, forgotten_at)
values (%(user_id)s, %(digest)s, clock_timestamp())
on conflict (user_id) do update
set email = null, bcrypt = null, digest = excluded.digest, forgotten_at = excluded.forgotten_at;

-- name: withdraw_password
delete from public.imported_passwords where user_id = %(user_id)s and bcrypt is not null;

-- name: forget_passwords
delete from public.imported_passwords;

-- name: open_way_back
insert into public.ways_back (service) values ('auth') on conflict do nothing;

-- name: note_move
-- What was changed on AWS until this very moment is still owed to Supabase.
insert into public.ways_back (service, owed) values ('auth', %(owed)s)
on conflict (service) do update set owed = excluded.owed;

-- name: read_standing
-- What Supabase may lack: all that was changed on AWS just before a handback; passwords.
select coalesce((select owed from public.ways_back where service = 'auth'), false),
       exists (select from public.returning_passwords where carried_at is null);

-- name: settle
update public.ways_back set owed = false where service = 'auth' and owed;

-- name: close_way_back
-- The messenger keeps no hash once this is gone.
delete from public.ways_back where service = 'auth';

-- name: forget_returning
delete from public.returning_passwords;

-- name: forget_sign_up_passwords
update public.cognito_sign_ups set bcrypt = null where bcrypt is not null;

-- name: unused_passwords
-- Who had a password at Supabase and never signed in with it since.
select p.user_id, c.username
from public.imported_passwords p left join public.cognito_accounts c using (user_id)
where p.bcrypt is not null and p.user_id >= %(first)s
order by p.user_id limit %(limit)s;

-- name: record_ending
update cyphr.auth_accounts set ending = %(ending)s where user_id = %(user_id)s;

-- name: read_endings
select user_id, ending from cyphr.auth_accounts where ending is not null order by user_id;

-- name: link
insert into public.cognito_accounts (user_id, cognito_sub, username) values (%(user_id)s, %(sub)s, %(username)s)
on conflict (user_id) do update
set cognito_sub = excluded.cognito_sub, username = excluded.username, linked_at = now()
where (cognito_accounts.cognito_sub, cognito_accounts.username) is distinct from (excluded.cognito_sub, excluded.username);

-- name: add_method
-- Whose an account elsewhere is here already, it stays.
insert into public.sign_in_methods (user_id, method, subject) values (%(user_id)s, %(method)s, %(subject)s)
on conflict (method, subject) do nothing;

-- name: remove_method
delete from public.sign_in_methods where user_id = %(user_id)s and method = %(method)s and subject = %(subject)s;

-- name: unlink
delete from public.cognito_accounts where user_id = %(user_id)s;

-- name: forget_person
with returning_too as (delete from public.returning_passwords where user_id = %(user_id)s)
delete from public.imported_passwords where user_id = %(user_id)s;

-- name: lock_journal
select pg_advisory_xact_lock(hashtextextended('cyphr.auth_accounts', 0));

-- name: read_journal
select user_id, fingerprint, problem, identities, factors, known, banned, synced_at < now() - interval '1 minute' as due from cyphr.auth_accounts
where user_id >= %(first)s and (%(only)s::uuid[] is null or user_id = any (%(only)s)) order by user_id limit %(limit)s;

-- name: record
insert into cyphr.auth_accounts (user_id, fingerprint, problem, identities, factors, known)
values (%(user_id)s, %(fingerprint)s, %(problem)s, %(identities)s, %(factors)s, %(known)s)
on conflict (user_id) do update
set fingerprint = excluded.fingerprint, problem = excluded.problem, identities = excluded.identities,
    factors = excluded.factors, known = excluded.known, synced_at = now();

-- name: record_ban
update cyphr.auth_accounts set banned = %(banned)s where user_id = %(user_id)s;

-- name: record_factors
update cyphr.auth_accounts set factors = %(factors)s where user_id = %(user_id)s;

-- name: carry_user
-- As Supabase Auth makes one itself: its server cannot read a token that is null.
insert into auth.users (
    instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
    created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new,
    email_change_token_current, phone_change, phone_change_token, reauthentication_token, is_sso_user, is_anonymous
) values (
    '00000000-0000-0000-0000-000000000000', %(user_id)s, 'authenticated', 'authenticated', %(email)s, '', now(),
    '{"provider": "email", "providers": ["email"]}', jsonb_build_object('full_name', %(name)s::text),
    now(), now(), '', '', '', '', '', '', '', '', false, false
)
on conflict do nothing
returning true;

-- name: carry_identity
insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
values (%(user_id)s::text, %(user_id)s,
        jsonb_build_object('sub', %(user_id)s::text, 'email', %(email)s::text, 'email_verified', true,
                           'phone_verified', false),
        'email', now(), now())
on conflict do nothing
returning id;

-- name: ban_user
update auth.users set banned_until = now() + interval '100 years', updated_at = now() where id = %(user_id)s;

-- name: lift_ban
update auth.users set banned_until = null, updated_at = now() where id = %(user_id)s;

-- name: delete_user
-- As Supabase Auth deletes one whose row stays, because the project's tables may refer to it: nothing personal is left.
update auth.users
set email = null, phone = null, encrypted_password = '', raw_user_meta_data = '{}', raw_app_meta_data = '{}',
    confirmation_token = '', recovery_token = '', email_change = '', email_change_token_new = '',
    email_change_token_current = '', phone_change = '', phone_change_token = '', reauthentication_token = '',
    banned_until = now() + interval '100 years', deleted_at = now(), updated_at = now()
where id = %(user_id)s;

-- name: remove_identities
delete from auth.identities where user_id = %(user_id)s returning id;

-- name: remove_identity
delete from auth.identities
where user_id = %(user_id)s and provider = %(provider)s and provider_id = %(subject)s
returning id;

-- name: add_identity
-- Nothing where it is somebody else's there.
insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
values (%(subject)s, %(user_id)s, jsonb_build_object('sub', %(subject)s::text), %(provider)s, now(), now())
on conflict do nothing
returning id;

-- name: note_providers
-- Supabase Auth tells clients through what a person signs in.
update auth.users u
set raw_app_meta_data = coalesce(u.raw_app_meta_data, '{}') || jsonb_build_object('providers', (
    select coalesce(jsonb_agg(distinct i.provider), '[]') from auth.identities i where i.user_id = u.id
))
where u.id = %(user_id)s;

-- name: remove_factors_there
delete from auth.mfa_factors where user_id = %(user_id)s;

-- name: remove_factor_there
delete from auth.mfa_factors where id = %(id)s and user_id = %(user_id)s;

-- name: add_factor_there
-- Supabase Auth wants each name once. The digest is as read_supabase_users has it.
insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, secret, created_at, updated_at)
select %(id)s, %(user_id)s,
       case when exists (select from auth.mfa_factors f where f.user_id = %(user_id)s and f.friendly_name = %(name)s)
            then %(name)s || ' ' || left(%(id)s::text, 8) else %(name)s end,
       'totp', 'verified', %(secret)s, %(created_at)s, now()
on conflict do nothing
returning encode(sha256(convert_to(concat_ws(':', secret, friendly_name), 'UTF8')), 'hex');

-- name: read_own_factors
select id, user_id, name, secret, created_at from public.mfa_factors
where id = any (%(ids)s) and confirmed_at is not null;

-- name: has_platform_queue
select to_regclass('cyphr.platform_queue') is not null;

-- name: queue_row
insert into cyphr.platform_queue (table_name, id) values (%(table)s, %(id)s);

-- name: tell_queue
notify cyphr_platform;

-- name: look_again
update cyphr.auth_accounts set fingerprint = '' where user_id = any (%(user_ids)s);

-- name: forget
delete from cyphr.auth_accounts where user_id = %(user_id)s;

-- name: lock_switchboard
select side from cyphr.switchboard where service = 'auth' for update;

-- name: flip_switchboard
update cyphr.switchboard set side = %(side)s, epoch = epoch + 1, changed_at = clock_timestamp() where service = 'auth';

-- name: make_listing
create temporary table if not exists pool_users (
    username   text primary key,
    user_id    text,
    attributes jsonb not null,
    enabled    boolean not null,
    status     text not null,
    taken      boolean not null default false
);
create index if not exists pool_users_user_id on pool_users (user_id);

-- name: empty_listing
truncate pool_users;

-- name: list_user
-- While the pool is listed, a user may move from one page to another.
insert into pool_users (username, user_id, attributes, enabled, status)
values (%(username)s, %(user_id)s, %(attributes)s, %(enabled)s, %(status)s)
on conflict (username) do nothing;

-- name: know_listing
-- Nobody else counts a temporary table's rows for the planner.
analyze pool_users;

-- name: take_counterparts
-- By the link first: who registered with Cognito itself may not carry the id as an attribute yet. Two joins, because one with
-- either condition would compare everyone with everyone.
with people as (
    select * from jsonb_to_recordset(%(people)s) as p (user_id text, username text)
), found as (
    select p.user_id, u.username, true as linked from people p join pool_users u on u.username = p.username
    union all
    select p.user_id, u.username, false from people p join pool_users u on u.user_id = p.user_id
), chosen as (
    select distinct on (user_id) user_id, username from found order by user_id, linked desc, username
)
update pool_users u set taken = true from chosen c where u.username = c.username
returning c.user_id, u.username, u.attributes, u.enabled, u.status;

-- name: read_strangers
-- Who is registering with a password is nobody's counterpart until the mailed code is typed.
select username from pool_users where not taken and status <> 'UNCONFIRMED' order by username;
