-- People. Everyone sees the public part of themselves and of those they share a chat with; hashes, phone numbers and
-- the private key are readable by nobody who signs in, nor is who is here and when they were: private.read_presence tells
-- it to whom it may be told. An exact @cyphr_id is looked up by private.find_person.

alter table public.users enable row level security;
revoke all on public.users from anon, authenticated;
grant all on public.users to service_role;
grant select (id, full_name, nickname, avatar_url, status, public_key, cyphr_id, created_at, updated_at)
    on public.users to authenticated;
grant update (full_name, nickname, status, is_online, last_seen, updated_at) on public.users to authenticated;

drop policy if exists users_read on public.users;
create policy users_read on public.users for select to authenticated
    using (id = (select auth.uid()) or private.shares_chat_with(id));

drop policy if exists users_change_own on public.users;
create policy users_change_own on public.users for update to authenticated
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
