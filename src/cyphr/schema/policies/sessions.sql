-- Sessions are opened, rotated and revoked by functions of the schema private only.

alter table public.sessions enable row level security;
revoke all on public.sessions from anon, authenticated;
grant all on public.sessions to service_role;
