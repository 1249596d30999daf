-- Read and changed by functions of the schema private only.

alter table public.tenant_groups enable row level security;
revoke all on public.tenant_groups from anon, authenticated;
grant all on public.tenant_groups to service_role;
