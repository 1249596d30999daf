-- Groups that are administered, and what each person makes of a chat for themselves. Additive: for the server before this
-- one every new column has a default that means what it did.

-- The least role that may send messages, add people, and change the name and picture.
alter table public.chats add column if not exists who_may_send text not null default 'member'
    check (who_may_send in ('member', 'admin'));
alter table public.chats add column if not exists who_may_add text not null default 'admin'
    check (who_may_add in ('member', 'admin'));
alter table public.chats add column if not exists who_may_change text not null default 'admin'
    check (who_may_change in ('member', 'admin'));
-- What somebody who joins sees: what is sent from then on, or everything from the start.
alter table public.chats add column if not exists history text not null default 'joining'
    check (history in ('joining', 'start'));

-- 'infinity': for ever.
alter table public.chat_participants add column if not exists muted_until timestamptz;
alter table public.chat_participants add column if not exists pin_place smallint;
-- The chat's last place when it was archived: a later message brings it back, and no message has to write here.
alter table public.chat_participants add column if not exists archived_seq bigint;
-- The chat is not listed until it holds something after this place.
alter table public.chat_participants add column if not exists hidden_through_seq bigint;

create table if not exists public.chat_bans (
    chat_id    uuid not null references public.chats on delete cascade,
    user_id    uuid not null references public.users on delete cascade,
    banned_by  uuid references public.users on delete set null,
    created_at timestamptz not null default now(),
    primary key (chat_id, user_id)
);
create index if not exists chat_bans_user on public.chat_bans (user_id);
create index if not exists chat_bans_banned_by on public.chat_bans (banned_by);

create table if not exists public.chat_invites (
    id         uuid primary key,
    chat_id    uuid not null references public.chats on delete cascade,
    token      text not null unique,
    created_by uuid references public.users on delete set null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    max_uses   integer check (max_uses > 0),
    uses       integer not null default 0,
    revoked_at timestamptz
);
create index if not exists chat_invites_chat on public.chat_invites (chat_id);
create index if not exists chat_invites_created_by on public.chat_invites (created_by);

create table if not exists public.user_blocks (
    blocker_id uuid not null references public.users on delete cascade,
    blocked_id uuid not null references public.users on delete cascade,
    created_at timestamptz not null default now(),
    primary key (blocker_id, blocked_id),
    check (blocker_id <> blocked_id)
);
create index if not exists user_blocks_blocked on public.user_blocks (blocked_id);

-- Who may add this person to groups. No row: everyone.
create table if not exists public.chat_privacy (
    user_id     uuid primary key references public.users on delete cascade,
    who_may_add text not null default 'everyone' check (who_may_add in ('everyone', 'contacts'))
);
