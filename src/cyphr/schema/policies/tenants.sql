-- Read and changed by functions of the schema private only.

alter table public.tenants enable row level security;
revoke all on public.tenants from anon, authenticated;
grant all on public.tenants to service_role;
