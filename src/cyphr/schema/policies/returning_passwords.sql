-- Nobody, the service's own role included, reads a hash: the migration does, and functions of the schema private.

alter table public.returning_passwords enable row level security;
revoke all on public.returning_passwords from anon, authenticated, service_role;
