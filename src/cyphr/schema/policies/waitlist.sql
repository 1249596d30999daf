-- The waiting list is for administrators.

alter table public.waitlist enable row level security;
revoke all on public.waitlist from anon, authenticated;
grant all on public.waitlist to service_role;
revoke all on public.waitlist_stats from anon, authenticated;
grant select on public.waitlist_stats to service_role;
