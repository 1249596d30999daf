-- Where devices are reached is read and written by functions of the schema private only: a token is a secret.

alter table public.push_endpoints enable row level security;
revoke all on public.push_endpoints from anon, authenticated;
grant all on public.push_endpoints to service_role;
