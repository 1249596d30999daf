-- Counted by functions of the schema private only.

alter table public.sign_in_addresses enable row level security;
revoke all on public.sign_in_addresses from anon, authenticated;
grant all on public.sign_in_addresses to service_role;
