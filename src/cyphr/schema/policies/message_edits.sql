-- What a message said before is seen by whoever may read it; written by private.edit_message only.

alter table public.message_edits enable row level security;
revoke all on public.message_edits from anon, authenticated;
grant all on public.message_edits to service_role;
grant select on public.message_edits to authenticated;

drop policy if exists message_edits_read on public.message_edits;
create policy message_edits_read on public.message_edits for select to authenticated
    using (exists (select from public.messages message where message.id = message_id));
