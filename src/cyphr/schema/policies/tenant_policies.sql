-- Read and changed by functions of the schema private only.

alter table public.tenant_policies enable row level security;
revoke all on public.tenant_policies from anon, authenticated;
grant all on public.tenant_policies to service_role;
