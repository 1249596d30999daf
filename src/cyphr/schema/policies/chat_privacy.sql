-- Each person sees their own choice; what it allows to whom is decided by private.may_add.

alter table public.chat_privacy enable row level security;
revoke all on public.chat_privacy from anon, authenticated;
grant all on public.chat_privacy to service_role;
grant select on public.chat_privacy to authenticated;

drop policy if exists chat_privacy_read_own on public.chat_privacy;
create policy chat_privacy_read_own on public.chat_privacy for select to authenticated
    using (user_id = (select auth.uid()));
