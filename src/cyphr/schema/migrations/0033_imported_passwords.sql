-- Password hashes that Supabase Auth had, until their person has signed in once: Cognito takes no foreign hash, so the
-- first password that fits one is set there. They are secrets: nobody is granted the table, functions alone read it.

-- email: what the person signs in with, as their counterpart in Cognito has it. bcrypt is null once a password was set in
-- Cognito; the row stays with the hash's SHA-256, so that what is out of date by then is not imported again.
-- No foreign key to public.users: a user of Supabase Auth may never have opened Cyphr.
create table if not exists public.imported_passwords (
    user_id      uuid primary key,
    email        text unique check (email = lower(email)),
    bcrypt       text,
    digest       text,
    imported_at  timestamptz not null default now(),
    forgotten_at timestamptz,
    check ((bcrypt is null) = (forgotten_at is not null)),
    check (bcrypt is null or email is not null)
);
