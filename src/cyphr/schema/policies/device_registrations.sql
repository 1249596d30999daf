-- Each person sees their own devices.

alter table public.device_registrations enable row level security;
revoke all on public.device_registrations from anon, authenticated;
grant all on public.device_registrations to service_role;
grant select on public.device_registrations to authenticated;

drop policy if exists device_registrations_read_own on public.device_registrations;
create policy device_registrations_read_own on public.device_registrations for select to authenticated
    using (user_id = (select auth.uid()));
