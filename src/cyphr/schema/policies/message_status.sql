-- The old server's receipts: members of the message's chat see them, each person writes their own.

alter table public.message_status enable row level security;
revoke all on public.message_status from anon, authenticated;
grant all on public.message_status to service_role;
grant select, insert, update on public.message_status to authenticated;

drop policy if exists message_status_read on public.message_status;
create policy message_status_read on public.message_status for select to authenticated
    using (exists (select from public.messages message where message.id = message_id));

drop policy if exists message_status_write_own on public.message_status;
create policy message_status_write_own on public.message_status for insert to authenticated
    with check (user_id = (select auth.uid())
                and exists (select from public.messages message where message.id = message_id));

drop policy if exists message_status_change_own on public.message_status;
create policy message_status_change_own on public.message_status for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
