-- name: read_journal
select bucket_id || '/' || name, supabase_version, aws_version from cyphr.files;

-- name: record_copy
insert into cyphr.files (bucket_id, name, supabase_version, aws_version, size, sha256)
values (%(bucket_id)s, %(name)s, %(supabase_version)s, %(aws_version)s, %(size)s, %(sha256)s)
on conflict (bucket_id, name) do update
set supabase_version = excluded.supabase_version, aws_version = excluded.aws_version, size = excluded.size,
    sha256 = excluded.sha256, copied_at = now();

-- name: forget_copy
delete from cyphr.files where bucket_id = %(bucket_id)s and name = %(name)s;

-- name: remember_bases
insert into cyphr.file_url_bases (supabase_base, aws_base) values (%(supabase_base)s, %(aws_base)s)
on conflict do nothing;

-- name: read_bases
select supabase_base, aws_base from cyphr.file_url_bases;

-- name: keep_urls
insert into cyphr.file_urls_kept (url) select unnest(%(urls)s::text[]) on conflict do nothing;

-- name: read_kept_urls
select coalesce(array_agg(url), '{}') from cyphr.file_urls_kept;

-- name: lock_switchboard
-- Uploads hold this row for share until they commit: getting it means that none is under way, and none begins.
select side from cyphr.switchboard where service = 'files' for update;

-- name: flip_switchboard
insert into cyphr.switchboard (service, side) values ('files', %(side)s)
on conflict (service) do update set side = excluded.side, epoch = switchboard.epoch + 1, changed_at = clock_timestamp();

-- name: find_urls
-- Every URL in rows that begins with a base. Messages are many, and are read once.
select distinct url
from (select avatar_url as url from public.users
      union all select avatar_url from public.chats
      union all select unnest(array[file_url, thumbnail_url]) from public.messages
                where starts_with(file_url, %(base)s) or starts_with(thumbnail_url, %(base)s)) found
where starts_with(url, %(base)s);

-- name: rewrite_user_urls
update public.users set avatar_url = %(new)s || substr(avatar_url, length(%(old)s) + 1)
where starts_with(avatar_url, %(old)s) and avatar_url <> all (%(kept)s);

-- name: rewrite_chat_urls
update public.chats set avatar_url = %(new)s || substr(avatar_url, length(%(old)s) + 1)
where starts_with(avatar_url, %(old)s) and avatar_url <> all (%(kept)s);

-- name: rewrite_message_urls
-- Both at once: uploads wait while messages are read.
update public.messages
set file_url = case when starts_with(file_url, %(old)s) and file_url <> all (%(kept)s)
        then %(new)s || substr(file_url, length(%(old)s) + 1) else file_url end,
    thumbnail_url = case when starts_with(thumbnail_url, %(old)s) and thumbnail_url <> all (%(kept)s)
        then %(new)s || substr(thumbnail_url, length(%(old)s) + 1) else thumbnail_url end
where (starts_with(file_url, %(old)s) and file_url <> all (%(kept)s))
   or (starts_with(thumbnail_url, %(old)s) and thumbnail_url <> all (%(kept)s));

-- name: list_buckets
select id from storage.buckets order by id;

-- name: list_object_rows
select bucket_id || '/' || name from storage.objects where bucket_id = any (%s);

-- name: record_object
-- Supabase's Storage API writes this row itself when an object is put; a plain S3 store behind it does not.
insert into storage.objects (bucket_id, name, metadata, user_metadata)
select %(bucket_id)s, %(name)s, %(metadata)s, %(user_metadata)s
where exists (select from storage.buckets where id = %(bucket_id)s)
on conflict (bucket_id, name) do update
set metadata = excluded.metadata, user_metadata = excluded.user_metadata, updated_at = now();

-- name: remove_object_row
delete from storage.objects where bucket_id = %(bucket_id)s and name = %(name)s;
