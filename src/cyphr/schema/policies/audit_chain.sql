-- Appended to by functions of the schema private only, and read by nobody who signs in.

alter table public.audit_chain enable row level security;
revoke all on public.audit_chain from anon, authenticated, service_role;
