-- Who is banned is seen by those who administer the chat; bans are made by functions of the schema private.

alter table public.chat_bans enable row level security;
revoke all on public.chat_bans from anon, authenticated;
grant all on public.chat_bans to service_role;
grant select on public.chat_bans to authenticated;

drop policy if exists chat_bans_read on public.chat_bans;
create policy chat_bans_read on public.chat_bans for select to authenticated
    using (private.is_admin(chat_id));
