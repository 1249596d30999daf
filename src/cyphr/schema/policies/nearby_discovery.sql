-- Each person sees and removes their own place; others find it only through a coarse search.

alter table public.nearby_discovery enable row level security;
revoke all on public.nearby_discovery from anon, authenticated;
grant all on public.nearby_discovery to service_role;
grant select, delete on public.nearby_discovery to authenticated;

drop policy if exists nearby_discovery_read_own on public.nearby_discovery;
create policy nearby_discovery_read_own on public.nearby_discovery for select to authenticated
    using (user_id = (select auth.uid()));

drop policy if exists nearby_discovery_remove_own on public.nearby_discovery;
create policy nearby_discovery_remove_own on public.nearby_discovery for delete to authenticated
    using (user_id = (select auth.uid()));
