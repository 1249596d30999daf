-- Links are seen by those who administer the chat; whoever holds a token asks functions of the schema private.

alter table public.chat_invites enable row level security;
revoke all on public.chat_invites from anon, authenticated;
grant all on public.chat_invites to service_role;
grant select on public.chat_invites to authenticated;

drop policy if exists chat_invites_read on public.chat_invites;
create policy chat_invites_read on public.chat_invites for select to authenticated
    using (private.is_admin(chat_id));
