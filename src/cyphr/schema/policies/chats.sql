-- Chats are seen by their members; they are made and numbered by functions of the schema private.

alter table public.chats enable row level security;
revoke all on public.chats from anon, authenticated;
grant all on public.chats to service_role;
grant select on public.chats to authenticated;

drop policy if exists chats_read on public.chats;
create policy chats_read on public.chats for select to authenticated
    using (private.is_member(id));
