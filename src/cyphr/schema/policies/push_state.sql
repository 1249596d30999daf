-- What each device was told is the business of functions of the schema private only.

alter table public.push_state enable row level security;
revoke all on public.push_state from anon, authenticated;
grant all on public.push_state to service_role;
