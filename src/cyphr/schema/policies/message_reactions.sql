-- Reactions are seen by whoever may read the message; written by private.react only.

alter table public.message_reactions enable row level security;
revoke all on public.message_reactions from anon, authenticated;
grant all on public.message_reactions to service_role;
grant select on public.message_reactions to authenticated;

drop policy if exists message_reactions_read on public.message_reactions;
create policy message_reactions_read on public.message_reactions for select to authenticated
    using (exists (select from public.messages message where message.id = message_id));
