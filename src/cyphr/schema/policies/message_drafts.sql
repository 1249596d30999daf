-- Drafts are one's own, in chats of one's own.

alter table public.message_drafts enable row level security;
revoke all on public.message_drafts from anon, authenticated;
grant all on public.message_drafts to service_role;
grant select, delete, insert on public.message_drafts to authenticated;
grant update (content, reply_to_id, updated_at) on public.message_drafts to authenticated;

drop policy if exists message_drafts_read on public.message_drafts;
create policy message_drafts_read on public.message_drafts for select to authenticated
    using (user_id = (select auth.uid()));

drop policy if exists message_drafts_delete on public.message_drafts;
create policy message_drafts_delete on public.message_drafts for delete to authenticated
    using (user_id = (select auth.uid()));

drop policy if exists message_drafts_write on public.message_drafts;
create policy message_drafts_write on public.message_drafts for insert to authenticated
    with check (user_id = (select auth.uid()) and private.is_member(chat_id));

drop policy if exists message_drafts_change on public.message_drafts;
create policy message_drafts_change on public.message_drafts for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()) and private.is_member(chat_id));
