-- Which Cognito user is whose: filled while users get their counterparts, on whichever database has the authority.
-- No foreign key to public.users: a user of Supabase Auth who never opened Cyphr has a counterpart, too.

create table if not exists public.cognito_accounts (
    user_id     uuid primary key,
    cognito_sub text not null unique,
    username    text not null unique,
    linked_at   timestamptz not null default now()
);
