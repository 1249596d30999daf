-- Nobody, the service's own role included, reads a hash: functions of the schema private do.

alter table public.imported_passwords enable row level security;
revoke all on public.imported_passwords from anon, authenticated, service_role;
