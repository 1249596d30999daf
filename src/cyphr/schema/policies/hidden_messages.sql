-- What one deleted for oneself is one's own; written by private.hide_message only.

alter table public.hidden_messages enable row level security;
revoke all on public.hidden_messages from anon, authenticated;
grant all on public.hidden_messages to service_role;
grant select on public.hidden_messages to authenticated;

drop policy if exists hidden_messages_own on public.hidden_messages;
create policy hidden_messages_own on public.hidden_messages for select to authenticated
    using (user_id = (select auth.uid()));
