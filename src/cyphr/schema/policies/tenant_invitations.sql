-- Read and changed by functions of the schema private only.

alter table public.tenant_invitations enable row level security;
revoke all on public.tenant_invitations from anon, authenticated;
grant all on public.tenant_invitations to service_role;
