-- Codes are issued and checked by functions of the schema private only.

alter table public.email_codes enable row level security;
revoke all on public.email_codes from anon, authenticated;
grant all on public.email_codes to service_role;
