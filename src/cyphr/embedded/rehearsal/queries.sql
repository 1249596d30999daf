-- name: add_history
-- Messages as the old server wrote them, spread over the chats and people of the backup. They come with their places:
-- to number each of them by its trigger would rewrite the same few rows of chats so many times in one transaction.
with added as (
    insert into public.messages (chat_id, sender_id, content, created_at, updated_at, seq)
    select chats.id, people.id, 'history ' || n || ' ' || repeat(md5(n::text), 1 + n %% 4), moment, moment,
           chats.last_seq + row_number() over (partition by chats.id order by n)
      from generate_series(1, %(rows)s) as n
      cross join lateral (select timestamptz '2025-08-01' + n * interval '1 second' as moment) as t
      join (select id, last_seq, row_number() over (order by id) - 1 as position from public.chats) as chats
        on chats.position = n %% (select count(*) from public.chats)
      join (select id, row_number() over (order by id) - 1 as position from public.users) as people
        on people.position = n %% (select count(*) from public.users)
    returning chat_id, seq
)
update public.chats set last_seq = newest.seq
  from (select chat_id, max(seq) as seq from added group by chat_id) as newest
 where newest.chat_id = chats.id;

-- name: number_history
-- So that the planner knows the tables before anybody chats.
analyze public.messages, public.chats, public.users;

-- name: add_avatar
with object as (
    insert into storage.objects (bucket_id, name, owner, metadata)
    values ('avatars', %(name)s, %(owner)s, jsonb_build_object(
                'eTag', %(etag)s::text, 'size', %(size)s::int, 'mimetype', 'image/png', 'cacheControl', 'max-age=3600'))
)
update public.users set avatar_url = %(url)s where id = %(owner)s;

-- name: add_veteran
-- Somebody who signed up at Supabase Auth with a password, and has a row of the application's.
with person as (
    insert into public.users (id, full_name, auth_method) values (%(user_id)s, %(name)s, 'supabase')
), account as (
    insert into auth.users (
        instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
        created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new
    ) values (
        '00000000-0000-0000-0000-000000000000', %(user_id)s, 'authenticated', 'authenticated', %(email)s, %(hash)s, now(),
        '{"provider": "email", "providers": ["email"]}', jsonb_build_object('full_name', %(name)s::text),
        now(), now(), '', '', '', ''
    )
)
insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
values (%(user_id)s::text, %(user_id)s,
        jsonb_build_object('sub', %(user_id)s::text, 'email', %(email)s::text), 'email', now(), now());

-- name: add_veteran_session
insert into auth.sessions (id, user_id, created_at, updated_at, aal) values (%(session_id)s, %(user_id)s, now(), now(), 'aal1');

-- name: add_veteran_factor
insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret)
values (%(factor_id)s, %(user_id)s, 'phone', 'totp', 'verified', now(), now(), %(secret)s);
