-- Appended to by functions of the schema private only, and read by nobody who signs in.

alter table public.audit_log enable row level security;
revoke all on public.audit_log from anon, authenticated, service_role;
