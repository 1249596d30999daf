-- What registration, sign-in and direct chats need beside the tables of today. Nothing here is readable by a signed-in
-- person except the own e-mail address: the rest is reached through functions of the schema private.

create table if not exists public.account_emails (
    user_id    uuid primary key references public.users on delete cascade,
    email      text not null unique check (email = lower(email)),
    created_at timestamptz not null default now()
);

-- One living code for each address. code_hash is keyed (HMAC): six digits alone could be guessed from their hash.
create table if not exists public.email_codes (
    email        text primary key,
    code_hash    bytea not null,
    tries        integer not null default 0,
    expires_at   timestamptz not null,
    sends        integer not null default 1,
    window_start timestamptz not null default now()
);

-- Tries are counted for each address, known or not, so that the lock-out tells nobody which addresses have accounts.
create table if not exists public.sign_in_attempts (
    email_hash   text primary key,
    failed       integer not null default 0,
    locked_until timestamptz,
    updated_at   timestamptz not null default now()
);

-- A session is a family of refresh tokens: each use retires one and issues the next.
create table if not exists public.sessions (
    id           uuid primary key,
    user_id      uuid not null references public.users on delete cascade,
    device       text,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    revoked_at   timestamptz
);
create index if not exists sessions_user on public.sessions (user_id);

create table if not exists public.refresh_tokens (
    token_hash bytea primary key,
    session_id uuid not null references public.sessions on delete cascade,
    created_at timestamptz not null default now(),
    used_at    timestamptz
);
create index if not exists refresh_tokens_session on public.refresh_tokens (session_id);

-- One direct chat for each pair, whoever of the two opens it first.
create table if not exists public.direct_chats (
    lower_user_id  uuid not null references public.users on delete cascade,
    higher_user_id uuid not null references public.users on delete cascade,
    chat_id        uuid not null unique references public.chats on delete cascade,
    primary key (lower_user_id, higher_user_id),
    check (lower_user_id < higher_user_id)
);
create index if not exists direct_chats_higher on public.direct_chats (higher_user_id);
