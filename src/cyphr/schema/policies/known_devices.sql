-- Which devices are known is written by functions of the schema private only.

alter table public.known_devices enable row level security;
revoke all on public.known_devices from anon, authenticated;
grant all on public.known_devices to service_role;
