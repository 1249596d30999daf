-- Push: where a person's devices are reached, which chats have to be looked at, and what each device was told already.
-- Additive: the server before this one writes none of it, and what it stores is noted by the trigger all the same.

-- One for each installation, whoever is signed in on it. endpoint_arn is what SNS calls made_with; null: not made yet.
create table if not exists public.push_endpoints (
    device       uuid primary key,
    user_id      uuid not null references public.users on delete cascade,
    session_id   uuid not null references public.sessions on delete cascade,
    platform     text not null check (platform in ('fcm', 'apns', 'webpush')),
    token        text not null,
    language     text not null default 'en' check (language in ('en', 'ru')),
    endpoint_arn text,
    made_with    text,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    unique (platform, token)
);
create index if not exists push_endpoints_user on public.push_endpoints (user_id);
create index if not exists push_endpoints_session on public.push_endpoints (session_id);

-- A chat in which something was sent that somebody may not have received. One row, however much is sent.
create table if not exists public.push_checks (
    chat_id uuid primary key references public.chats on delete cascade,
    since   timestamptz not null
);
create index if not exists push_checks_since on public.push_checks (since);

-- What waits to be pushed to a device is what lies between pushed_seq and wanted_seq. Whoever sends it moves due_at ahead
-- first, so that no other server sends it too and one that dies is followed by another.
create table if not exists public.push_state (
    device     uuid not null references public.push_endpoints on delete cascade,
    chat_id    uuid not null references public.chats on delete cascade,
    wanted_seq bigint not null,
    pushed_seq bigint not null default 0,
    badged_seq bigint not null default 0,
    pushed_at  timestamptz,
    due_at     timestamptz not null default now(),
    tries      integer not null default 0,
    primary key (device, chat_id)
);
create index if not exists push_state_chat on public.push_state (chat_id);
create index if not exists push_state_due on public.push_state (due_at) where wanted_seq > pushed_seq;

-- No row: everything is shown, at any hour.
create table if not exists public.notification_settings (
    user_id             uuid primary key references public.users on delete cascade,
    preview             text not null default 'full' check (preview in ('full', 'name', 'none')),
    mentions_break_mute boolean not null default false,
    quiet_from          time,
    quiet_until         time,
    time_zone           text,
    quiet_mode          text not null default 'none' check (quiet_mode in ('badge', 'none')),
    updated_at          timestamptz not null default now(),
    check (num_nulls(quiet_from, quiet_until, time_zone) in (0, 3))
);

-- Beside the message, so that a server that is killed after the commit has promised no less. A chat that is noted already
-- costs one look into an index. What is restored from a backup is nobody's news.
create or replace function private.note_messages() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.push_checks (chat_id, since)
    select distinct stored.chat_id, clock_timestamp() from stored where stored.created_at > now() - interval '1 hour'
    on conflict (chat_id) do nothing;
    return null;
end
$$;
revoke all on function private.note_messages() from public;

drop trigger if exists note_messages on public.messages;
create trigger note_messages after insert on public.messages
    referencing new table as stored for each statement execute function private.note_messages();

-- Who signs out, or is signed out from elsewhere, hears nothing more on that device.
create or replace function private.forget_endpoints_of_session() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.push_endpoints where session_id = new.id;
    return null;
end
$$;
revoke all on function private.forget_endpoints_of_session() from public;

drop trigger if exists forget_endpoints on public.sessions;
create trigger forget_endpoints after update of revoked_at on public.sessions
    for each row when (new.revoked_at is not null) execute function private.forget_endpoints_of_session();
