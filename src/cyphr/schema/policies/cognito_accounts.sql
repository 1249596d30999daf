-- Each person sees the link of their own account.

alter table public.cognito_accounts enable row level security;
revoke all on public.cognito_accounts from anon, authenticated;
grant all on public.cognito_accounts to service_role;
grant select on public.cognito_accounts to authenticated;

drop policy if exists cognito_accounts_read_own on public.cognito_accounts;
create policy cognito_accounts_read_own on public.cognito_accounts for select to authenticated
    using (user_id = (select auth.uid()));
