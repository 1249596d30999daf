-- What Cognito was told about each person, kept in the database of the AWS side. Idempotent.

create schema if not exists cyphr;

create table if not exists cyphr.auth_accounts (
    user_id     uuid primary key,
    fingerprint text not null,
    problem     text,
    synced_at   timestamptz not null default now()
);
-- Which accounts at other providers were linked: [[provider, subject], …]. Others that a person linked are theirs.
alter table cyphr.auth_accounts add column if not exists identities jsonb not null default '[]';
-- Which authenticators were brought along: [[id, SHA-256 of its secret and name], …]. Others are the person's own.
alter table cyphr.auth_accounts add column if not exists factors jsonb not null default '[]';
-- Whether the person has an account of Cyphr: when that is gone and the user of Supabase is not, it was deleted.
alter table cyphr.auth_accounts add column if not exists known boolean not null default false;
-- Whether they are banned at Supabase because they are suspended here; other bans are Supabase's own.
alter table cyphr.auth_accounts add column if not exists banned boolean not null default false;
-- What was left to be known of a person when the way back was closed.
alter table cyphr.auth_accounts add column if not exists ending text;
