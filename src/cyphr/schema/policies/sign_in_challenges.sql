-- Challenges are made and answered by functions of the schema private only.

alter table public.sign_in_challenges enable row level security;
revoke all on public.sign_in_challenges from anon, authenticated;
grant all on public.sign_in_challenges to service_role;
