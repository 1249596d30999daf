-- Nobody reads who is registering; functions of the schema private do.

alter table public.cognito_sign_ups enable row level security;
revoke all on public.cognito_sign_ups from anon, authenticated;
grant all on public.cognito_sign_ups to service_role;
