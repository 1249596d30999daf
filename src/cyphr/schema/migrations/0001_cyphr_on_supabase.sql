-- The 14 tables as they are in the Supabase project today: names and types exactly.

create table if not exists public.users (
    id                       uuid primary key default gen_random_uuid(),
    phone                    varchar(20),
    phone_hash               varchar(128),
    full_name                varchar(255) not null,
    nickname                 varchar(100),
    avatar_url               text,
    unique_id                uuid default gen_random_uuid(),
    public_key               text,
    encrypted_private_key    text,
    status                   varchar(20) default 'offline',
    is_online                boolean default false,
    last_seen                timestamptz default now(),
    socket_id                varchar(100),
    created_at               timestamptz default now(),
    updated_at               timestamptz default now(),
    cyphr_id                 varchar(100) unique,
    phone_discovery_enabled  boolean default false,
    nearby_discovery_enabled boolean default false,
    share_link_enabled       boolean default true,
    cyphr_id_changed_at      timestamptz,
    email_hash               varchar(128),
    password_hash            varchar(255),
    auth_method              varchar(20) default 'phone',
    pin_hash                 varchar(255),
    biometric_enabled        boolean default false,
    last_session_expiry      timestamptz
);
create index if not exists users_email_hash on public.users (email_hash);
create index if not exists users_phone_hash on public.users (phone_hash);

create table if not exists public.chats (
    id                uuid primary key default gen_random_uuid(),
    type              varchar(20) default 'direct',
    name              varchar(255),
    avatar_url        text,
    last_message_id   uuid,
    last_message_time timestamptz,
    created_at        timestamptz default now(),
    updated_at        timestamptz default now(),
    created_by        uuid
);

create table if not exists public.chat_participants (
    id                   uuid primary key default gen_random_uuid(),
    chat_id              uuid not null references public.chats on delete cascade,
    user_id              uuid not null references public.users on delete cascade,
    role                 varchar(20) default 'member',
    joined_at            timestamptz default now(),
    left_at              timestamptz,
    last_read_message_id uuid,
    unique (chat_id, user_id)
);
create index if not exists chat_participants_user on public.chat_participants (user_id);

create table if not exists public.messages (
    id            uuid primary key default gen_random_uuid(),
    chat_id       uuid not null references public.chats on delete cascade,
    sender_id     uuid not null references public.users on delete cascade,
    content       text,
    encrypted     boolean default false,
    message_type  varchar(20) default 'text',
    created_at    timestamptz default now(),
    updated_at    timestamptz default now(),
    delivered_at  timestamptz,
    read_at       timestamptz,
    reply_to_id   uuid references public.messages on delete set null,
    file_url      text,
    file_type     varchar(50),
    file_size     bigint,
    thumbnail_url text
);
create index if not exists messages_chat_created on public.messages (chat_id, created_at);
create index if not exists messages_sender on public.messages (sender_id);
create index if not exists messages_reply_to on public.messages (reply_to_id) where reply_to_id is not null;

create table if not exists public.message_status (
    id         uuid primary key default gen_random_uuid(),
    message_id uuid not null references public.messages on delete cascade,
    user_id    uuid not null references public.users on delete cascade,
    status     varchar(20) default 'sent',
    timestamp  timestamptz default now(),
    unique (message_id, user_id)
);
create index if not exists message_status_user on public.message_status (user_id);

create table if not exists public.phone_hashes (
    id         uuid primary key default gen_random_uuid(),
    phone_hash varchar(128) not null unique,
    user_id    uuid not null references public.users on delete cascade,
    created_at timestamptz default now()
);
create index if not exists phone_hashes_user on public.phone_hashes (user_id);

create table if not exists public.device_registrations (
    id                 uuid primary key default gen_random_uuid(),
    device_fingerprint varchar(255) not null unique,
    cyphr_id           varchar(100),
    browser_info       text,
    registered_at      timestamptz default now(),
    last_seen          timestamptz default now(),
    user_id            uuid references public.users on delete cascade
);
create index if not exists device_registrations_user on public.device_registrations (user_id);

create table if not exists public.user_wallets (
    id                   uuid primary key default gen_random_uuid(),
    user_id              uuid not null references public.users on delete cascade,
    public_key           varchar(255) not null unique,
    encrypted_secret_key text not null,
    blockchain           varchar(50) default 'stellar',
    balance_xlm          numeric(20, 7) default 0,
    balance_usdc         numeric(20, 7) default 0,
    created_at           timestamptz default now(),
    updated_at           timestamptz default now()
);
create index if not exists user_wallets_user on public.user_wallets (user_id);

create table if not exists public.transactions (
    id                     uuid primary key default gen_random_uuid(),
    from_user_id           uuid references public.users on delete cascade,
    to_user_id             uuid references public.users on delete cascade,
    amount                 numeric(20, 7) not null,
    asset_code             varchar(20) default 'XLM',
    asset_issuer           varchar(255),
    stellar_transaction_id varchar(255) unique,
    status                 varchar(20) default 'pending',
    created_at             timestamptz default now(),
    completed_at           timestamptz,
    memo                   text,
    fee_paid               numeric(20, 7)
);
create index if not exists transactions_from on public.transactions (from_user_id);
create index if not exists transactions_to on public.transactions (to_user_id);

create table if not exists public.calls (
    id               uuid primary key default gen_random_uuid(),
    chat_id          uuid not null references public.chats on delete cascade,
    caller_id        uuid not null references public.users on delete cascade,
    callee_id        uuid references public.users on delete cascade,
    type             varchar(20) default 'audio',
    status           varchar(20) default 'initiated',
    started_at       timestamptz,
    ended_at         timestamptz,
    duration_seconds integer default 0,
    created_at       timestamptz default now()
);
create index if not exists calls_chat on public.calls (chat_id);

create table if not exists public.nearby_discovery (
    id            uuid primary key default gen_random_uuid(),
    user_id       uuid not null references public.users on delete cascade,
    latitude      numeric(10, 7) not null,
    longitude     numeric(10, 7) not null,
    location_hash varchar(128),
    radius_meters integer default 1000,
    visible_until timestamptz not null,
    created_at    timestamptz default now(),
    updated_at    timestamptz default now()
);
create index if not exists nearby_discovery_location on public.nearby_discovery (location_hash);
create index if not exists nearby_discovery_user on public.nearby_discovery (user_id);

create table if not exists public.discovery_tokens (
    id           uuid primary key default gen_random_uuid(),
    user_id      uuid not null references public.users on delete cascade,
    token        varchar(255) not null unique,
    type         varchar(20) default 'share_link',
    expires_at   timestamptz,
    max_uses     integer,
    current_uses integer default 0,
    created_at   timestamptz default now()
);
create index if not exists discovery_tokens_user on public.discovery_tokens (user_id);

create table if not exists public.waitlist (
    id         uuid primary key default gen_random_uuid(),
    email      varchar(255) not null unique,
    created_at timestamptz default now(),
    ip_address inet,
    referrer   text,
    source     varchar(100) default 'landing_page',
    user_agent text,
    language   varchar(10),
    synced     boolean default false
);

-- In the project this one is a view over waitlist, which is why the backup holds exactly one row of it. days_active is
-- the days between the first and the last sign-up, as the backup's own figures show.
create or replace view public.waitlist_stats with (security_invoker = true) as
select count(*)::int                                             as total_signups,
       extract(day from max(created_at) - min(created_at))::int  as days_active,
       max(created_at)                                           as last_signup
from public.waitlist;
