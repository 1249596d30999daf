-- Factors are read and written by functions of the schema private only: they hold secrets.

alter table public.mfa_factors enable row level security;
revoke all on public.mfa_factors from anon, authenticated;
grant all on public.mfa_factors to service_role;
