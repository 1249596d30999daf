-- Messages are read by members, from where their history begins, and written in one's own name. seq and client_id are
-- given by private.store_messages alone, and notices are posted by private.post_notice. What has expired is gone at that
-- moment, whether it was swept or not.

alter table public.messages enable row level security;
revoke all on public.messages from anon, authenticated;
grant all on public.messages to service_role;
grant select on public.messages to authenticated;
grant insert (id, chat_id, sender_id, content, encrypted, message_type, reply_to_id, file_url, file_type, file_size, thumbnail_url)
    on public.messages to authenticated;

drop policy if exists messages_read on public.messages;
create policy messages_read on public.messages for select to authenticated
    using (private.can_read(chat_id, seq) and (expires_at is null or expires_at > now()));

drop policy if exists messages_send on public.messages;
create policy messages_send on public.messages for insert to authenticated
    with check (sender_id = (select auth.uid()) and private.may_write(chat_id) and message_type is distinct from 'notice');
