-- Several methods of signing in for one account, and sessions that began at another issuer.

-- One row for each method that is not the PIN, whose hash is in public.users. subject: what the method calls the person
-- (of a password the user's sub in Cognito, of an OAuth identity the provider's id). No foreign key to public.users: a
-- user of Supabase Auth who never opened Cyphr has methods, too.
create table if not exists public.sign_in_methods (
    user_id   uuid not null,
    method    text not null check (method ~ '^[a-z][a-z0-9_.:-]{0,63}$'),
    subject   text not null,
    linked_at timestamptz not null default now(),
    primary key (method, subject)
);
create index if not exists sign_in_methods_user on public.sign_in_methods (user_id);

-- Who is registering with a password and has not typed the mailed code yet. username: what Cognito knows them by, their id
-- when they are done, and known to nobody but who began: so nobody confirms an account that another began for them.
create table if not exists public.cognito_sign_ups (
    username   uuid primary key,
    email      text not null check (email = lower(email)),
    full_name  text not null,
    created_at timestamptz not null default now()
);
create index if not exists cognito_sign_ups_email on public.cognito_sign_ups (email, created_at);

-- Tokens of sign-ins before this moment are refused, wherever they came from.
alter table public.cognito_accounts add column if not exists signed_out_at timestamptz;

-- When a session that began at another issuer was exchanged for one of ours.
alter table public.sessions add column if not exists exchanged_at timestamptz;
