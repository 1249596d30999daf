-- name: read_links
-- Read before the people: a link without a person then means that the person was deleted.
select user_id, username, cognito_sub from public.cognito_accounts;

-- name: read_people
select p.id, p.full_name, e.email from public.users p left join public.account_emails e on e.user_id = p.id;

-- name: read_supabase_users
select id, email, email_confirmed_at is not null, coalesce(banned_until > now(), false),
       coalesce(raw_user_meta_data ->> 'full_name', raw_user_meta_data ->> 'name', '')
from auth.users
where deleted_at is null and not is_anonymous;

-- name: link
insert into public.cognito_accounts (user_id, cognito_sub, username) values (%(user_id)s, %(sub)s, %(username)s)
on conflict (user_id) do update
set cognito_sub = excluded.cognito_sub, username = excluded.username, linked_at = now()
where (cognito_accounts.cognito_sub, cognito_accounts.username) is distinct from (excluded.cognito_sub, excluded.username);

-- name: unlink
delete from public.cognito_accounts where user_id = %(user_id)s;

-- name: read_journal
select user_id, fingerprint, problem from cyphr.auth_accounts;

-- name: record
insert into cyphr.auth_accounts (user_id, fingerprint, problem) values (%(user_id)s, %(fingerprint)s, %(problem)s)
on conflict (user_id) do update
set fingerprint = excluded.fingerprint, problem = excluded.problem, synced_at = now();

-- name: forget
delete from cyphr.auth_accounts where user_id = %(user_id)s;

-- name: lock_switchboard
select side from cyphr.switchboard where service = 'auth' for update;

-- name: flip_switchboard
update cyphr.switchboard set side = %(side)s, epoch = epoch + 1, changed_at = clock_timestamp() where service = 'auth';
