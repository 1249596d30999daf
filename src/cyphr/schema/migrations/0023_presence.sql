-- What a person shows of themselves. No row: everything to everyone. Additive: the server before this one knows nothing of
-- it, and goes on reading users.is_online and users.last_seen.

create table if not exists public.privacy_settings (
    user_id       uuid primary key references public.users on delete cascade,
    last_seen     text not null default 'everyone' check (last_seen in ('everyone', 'contacts', 'nobody')),
    picture       text not null default 'everyone' check (picture in ('everyone', 'contacts', 'nobody')),
    read_receipts boolean not null default true,
    updated_at    timestamptz not null default now()
);
-- Few people hide what they have read, and each receipt asks who does.
create index if not exists privacy_settings_unread on public.privacy_settings (user_id) where not read_receipts;
