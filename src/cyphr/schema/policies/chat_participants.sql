-- Members see each other. Joining, leaving and watermarks go through functions of the schema private.

alter table public.chat_participants enable row level security;
revoke all on public.chat_participants from anon, authenticated;
grant all on public.chat_participants to service_role;
grant select on public.chat_participants to authenticated;

drop policy if exists chat_participants_read on public.chat_participants;
create policy chat_participants_read on public.chat_participants for select to authenticated
    using (private.is_member(chat_id));
