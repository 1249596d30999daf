-- What Cognito is still to be told of a person. It is written with what it tells of, and taken away when Cognito was told: so
-- an act of an administrator holds here at once, and there as soon as Cognito can be reached.

alter table public.cognito_accounts
    add column if not exists due_at            timestamptz, -- since when something is to be told; null: nothing is
    add column if not exists due_enabled       boolean,     -- whether the user is to be able to sign in; null: as it is
    add column if not exists password_reset_at timestamptz; -- what the pool has for a password counts no longer

create index if not exists cognito_accounts_due on public.cognito_accounts (due_at) where due_at is not null;
