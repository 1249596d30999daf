-- Second factors, the challenges that ask for one, and what a person is shown of their sessions. Additive: whoever has no
-- factor signs in as before.

alter table public.users add column if not exists suspended_at timestamptz;

-- method: how the person signed in; factors: what they proved beside it; proved_at: when any of it was proved last.
-- device is what the device calls itself, name what its owner calls it, device_id what the installation keeps.
alter table public.sessions
    add column if not exists method text not null default 'pin'
        check (method in ('pin', 'password', 'cognito', 'passkey', 'supabase')),
    add column if not exists factors text[] not null default '{}',
    add column if not exists name text,
    add column if not exists device_id uuid,
    add column if not exists address inet,
    add column if not exists user_agent text,
    add column if not exists proved_at timestamptz;

-- Of which use of which token this one came: an answer that is lost may be asked for again, for a moment.
alter table public.refresh_tokens add column if not exists parent_hash bytea;
create index if not exists refresh_tokens_parent on public.refresh_tokens (parent_hash);

-- From where a person has signed in before. registration_id: what the first server knew the device by.
create table if not exists public.known_devices (
    user_id         uuid not null references public.users on delete cascade,
    device_id       uuid not null,
    registration_id uuid references public.device_registrations on delete set null,
    first_seen      timestamptz not null default now(),
    last_seen       timestamptz not null default now(),
    primary key (user_id, device_id)
);
create index if not exists known_devices_registration on public.known_devices (registration_id);

-- secret: of an authenticator, encrypted. credential_id, public_key: of a passkey. last_counter: the last time step whose
-- code was taken, or the passkey's own counter. Without confirmed_at it is still being set up, and proves nothing.
create table if not exists public.mfa_factors (
    id            uuid primary key,
    user_id       uuid not null references public.users on delete cascade,
    kind          text not null check (kind in ('totp', 'passkey')),
    name          text not null,
    secret        bytea,
    credential_id bytea unique,
    public_key    bytea,
    last_counter  bigint not null default 0,
    created_at    timestamptz not null default now(),
    confirmed_at  timestamptz,
    last_used_at  timestamptz,
    check (case kind when 'totp' then secret is not null else num_nulls(credential_id, public_key) = 0 end)
);
create index if not exists mfa_factors_user on public.mfa_factors (user_id);

create table if not exists public.recovery_codes (
    user_id    uuid not null references public.users on delete cascade,
    code_hash  bytea not null,
    created_at timestamptz not null default now(),
    used_at    timestamptz,
    primary key (user_id, code_hash)
);

-- Something that is to be answered once, and soon. user_id is null when a passkey is to say who it is.
-- nonce: what an authenticator is to sign. The last columns are of the session that a right answer opens.
create table if not exists public.sign_in_challenges (
    token_hash  bytea primary key,
    purpose     text not null check (purpose in ('sign_in', 'passkey', 'step_up', 'enrol')),
    user_id     uuid references public.users on delete cascade,
    session_id  uuid references public.sessions on delete cascade,
    nonce       bytea not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    method      text,
    device      text,
    device_id   uuid
);
create index if not exists sign_in_challenges_user on public.sign_in_challenges (user_id);
create index if not exists sign_in_challenges_session on public.sign_in_challenges (session_id);
create index if not exists sign_in_challenges_expiry on public.sign_in_challenges (expires_at);

-- Tries to prove a second factor, counted for each person across challenges, servers and addresses.
create table if not exists public.mfa_attempts (
    user_id      uuid primary key references public.users on delete cascade,
    failed       integer not null default 0,
    locked_until timestamptz,
    updated_at   timestamptz not null default now()
);
