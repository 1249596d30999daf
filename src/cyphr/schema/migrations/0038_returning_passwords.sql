-- Passwords on their way back to Supabase Auth. Cognito gives no hash out, so one is kept of every password that is set or
-- proven there while auth may still be handed back. They are secrets: nobody is granted the table, functions alone read it.

-- Which services may be handed back: the migration writes the rows, and deletes them when it closes. owed: what was changed on
-- AWS in the moment of a handback may not have reached Supabase yet.
create table if not exists public.ways_back (
    service   text primary key,
    owed      boolean not null default false,
    opened_at timestamptz not null default now()
);

-- The hash of the password that Cognito has; empty when it was taken away. digest: its SHA-256, or empty. carried_at is null
-- until Supabase Auth has it, too. No foreign key to public.users, as with public.imported_passwords.
create table if not exists public.returning_passwords (
    user_id    uuid primary key,
    bcrypt     text not null,
    digest     text not null,
    kept_at    timestamptz not null default clock_timestamp(),
    carried_at timestamptz
);
create index if not exists returning_passwords_pending on public.returning_passwords (user_id) where carried_at is null;

-- Of whoever is registering: it is kept when they are done.
alter table public.cognito_sign_ups add column if not exists bcrypt text;
