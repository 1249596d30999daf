-- Read and changed by functions of the schema private only.

alter table public.tenant_members enable row level security;
revoke all on public.tenant_members from anon, authenticated;
grant all on public.tenant_members to service_role;
