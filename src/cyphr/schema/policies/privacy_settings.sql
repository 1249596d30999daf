-- Each person reads their own. What follows for others is told by functions of the schema private.

alter table public.privacy_settings enable row level security;
revoke all on public.privacy_settings from anon, authenticated;
grant all on public.privacy_settings to service_role;
grant select on public.privacy_settings to authenticated;

drop policy if exists privacy_settings_read_own on public.privacy_settings;
create policy privacy_settings_read_own on public.privacy_settings for select to authenticated
    using (user_id = (select auth.uid()));
