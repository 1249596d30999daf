-- Files: which side they stand on, held until the transaction ends, and the row that Supabase Storage keeps of each.

-- The side of a service; while the asking transaction runs, a handover of it waits.
create or replace function private.hold_service(p_service text) returns text
    language sql volatile security definer set search_path = ''
as $$
    select side from cyphr.switchboard where service = p_service for share
$$;

-- Supabase Storage writes this row itself. Where objects are put through the S3 protocol of a stand-in, nobody else
-- would. Without the schema storage (the AWS side) there is nothing to write.
create or replace function private.record_object(p_bucket text, p_name text, p_size bigint, p_mimetype text) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
begin
    if auth.uid() is null or split_part(p_name, '/', 1) <> auth.uid()::text then
        raise exception using errcode = '42501', message = 'an object belongs to the folder of its owner';
    end if;
    if to_regclass('storage.objects') is not null then
        insert into storage.objects (bucket_id, name, owner, metadata)
        values (p_bucket, p_name, auth.uid(), jsonb_build_object('size', p_size, 'mimetype', p_mimetype))
        on conflict do nothing;
    end if;
end
$$;

create or replace function private.set_avatar(p_url text)
    returns table (id uuid, full_name text, cyphr_id text, avatar_url text)
    language sql volatile security definer set search_path = ''
as $$
    update public.users set avatar_url = p_url, updated_at = now() where id = (select auth.uid())
    returning id, full_name, cyphr_id, avatar_url
$$;

revoke all on function private.hold_service(text), private.record_object(text, text, bigint, text),
    private.set_avatar(text) from public, anon, authenticated;
grant execute on function private.hold_service(text), private.record_object(text, text, bigint, text),
    private.set_avatar(text) to cyphr_app;
