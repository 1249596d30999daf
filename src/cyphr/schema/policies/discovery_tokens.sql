-- Each person sees and removes their own share links and QR tokens.

alter table public.discovery_tokens enable row level security;
revoke all on public.discovery_tokens from anon, authenticated;
grant all on public.discovery_tokens to service_role;
grant select, delete on public.discovery_tokens to authenticated;

drop policy if exists discovery_tokens_read_own on public.discovery_tokens;
create policy discovery_tokens_read_own on public.discovery_tokens for select to authenticated
    using (user_id = (select auth.uid()));

drop policy if exists discovery_tokens_remove_own on public.discovery_tokens;
create policy discovery_tokens_remove_own on public.discovery_tokens for delete to authenticated
    using (user_id = (select auth.uid()));
