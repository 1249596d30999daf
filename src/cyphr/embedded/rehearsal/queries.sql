-- name: add_history
-- Messages as the old server wrote them, spread over the chats and people of the backup.
insert into public.messages (chat_id, sender_id, content, created_at, updated_at)
select chats.id, people.id, 'history ' || n || ' ' || repeat(md5(n::text), 1 + n %% 4), moment, moment
  from generate_series(1, %(rows)s) as n
  cross join lateral (select timestamptz '2025-08-01' + n * interval '1 second' as moment) as t
  join (select id, row_number() over (order by id) - 1 as position from public.chats) as chats
    on chats.position = n %% (select count(*) from public.chats)
  join (select id, row_number() over (order by id) - 1 as position from public.users) as people
    on people.position = n %% (select count(*) from public.users);

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
