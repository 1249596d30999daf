-- Hashed phone numbers are readable by nobody who signs in: contacts are matched by a rate-limited function.

alter table public.phone_hashes enable row level security;
revoke all on public.phone_hashes from anon, authenticated;
grant all on public.phone_hashes to service_role;
