-- Filled by a trigger, emptied by functions of the schema private only.

alter table public.push_checks enable row level security;
revoke all on public.push_checks from anon, authenticated;
grant all on public.push_checks to service_role;
