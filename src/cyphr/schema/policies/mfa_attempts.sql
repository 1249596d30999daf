-- Tries are counted by functions of the schema private only.

alter table public.mfa_attempts enable row level security;
revoke all on public.mfa_attempts from anon, authenticated;
grant all on public.mfa_attempts to service_role;
