-- Each person sees whom they block; nobody sees who blocks them.

alter table public.user_blocks enable row level security;
revoke all on public.user_blocks from anon, authenticated;
grant all on public.user_blocks to service_role;
grant select on public.user_blocks to authenticated;

drop policy if exists user_blocks_read_own on public.user_blocks;
create policy user_blocks_read_own on public.user_blocks for select to authenticated
    using (blocker_id = (select auth.uid()));
