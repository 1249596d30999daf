-- Only the migration writes it; functions of the schema private look.

alter table public.ways_back enable row level security;
revoke all on public.ways_back from anon, authenticated, service_role;
