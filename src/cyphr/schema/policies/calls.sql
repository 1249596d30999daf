-- Calls are seen by the members of the chat.

alter table public.calls enable row level security;
revoke all on public.calls from anon, authenticated;
grant all on public.calls to service_role;
grant select on public.calls to authenticated;

drop policy if exists calls_read on public.calls;
create policy calls_read on public.calls for select to authenticated
    using (private.is_member(chat_id));
