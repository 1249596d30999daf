-- Each person reads their own; they are changed by private.set_notifications, which checks the time zone.

alter table public.notification_settings enable row level security;
revoke all on public.notification_settings from anon, authenticated;
grant all on public.notification_settings to service_role;
grant select on public.notification_settings to authenticated;

drop policy if exists notification_settings_read_own on public.notification_settings;
create policy notification_settings_read_own on public.notification_settings for select to authenticated
    using (user_id = (select auth.uid()));
