-- Each person sees their own address. Sign-in looks addresses up through functions of the schema private.

alter table public.account_emails enable row level security;
revoke all on public.account_emails from anon, authenticated;
grant all on public.account_emails to service_role;
grant select on public.account_emails to authenticated;

drop policy if exists account_emails_read_own on public.account_emails;
create policy account_emails_read_own on public.account_emails for select to authenticated
    using (user_id = (select auth.uid()));
