-- Payments are seen by the two who are party to them.

alter table public.transactions enable row level security;
revoke all on public.transactions from anon, authenticated;
grant all on public.transactions to service_role;
grant select on public.transactions to authenticated;

drop policy if exists transactions_read_own on public.transactions;
create policy transactions_read_own on public.transactions for select to authenticated
    using ((select auth.uid()) in (from_user_id, to_user_id));
