-- Each person sees their own wallet, without its encrypted key.

alter table public.user_wallets enable row level security;
revoke all on public.user_wallets from anon, authenticated;
grant all on public.user_wallets to service_role;
grant select (id, user_id, public_key, blockchain, balance_xlm, balance_usdc, created_at, updated_at)
    on public.user_wallets to authenticated;

drop policy if exists user_wallets_read_own on public.user_wallets;
create policy user_wallets_read_own on public.user_wallets for select to authenticated
    using (user_id = (select auth.uid()));
