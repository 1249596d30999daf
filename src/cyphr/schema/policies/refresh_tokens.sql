-- Refresh tokens are rotated by functions of the schema private only.

alter table public.refresh_tokens enable row level security;
revoke all on public.refresh_tokens from anon, authenticated;
grant all on public.refresh_tokens to service_role;
