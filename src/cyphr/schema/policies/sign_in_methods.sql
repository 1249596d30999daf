-- Each person sees how they may sign in; functions of the schema private change it.

alter table public.sign_in_methods enable row level security;
revoke all on public.sign_in_methods from anon, authenticated;
grant all on public.sign_in_methods to service_role;
grant select on public.sign_in_methods to authenticated;

drop policy if exists sign_in_methods_read_own on public.sign_in_methods;
create policy sign_in_methods_read_own on public.sign_in_methods for select to authenticated
    using (user_id = (select auth.uid()));
