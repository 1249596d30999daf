-- Wrong PINs from one address of the network, whichever accounts they were for: who tries many accounts with a few PINs each
-- stays below the count of every account. An IPv6 network of 64 bits counts as one address.

create table if not exists public.sign_in_addresses (
    address      inet primary key,
    failed       integer not null default 0,
    window_start timestamptz not null default now()
);
create index if not exists sign_in_addresses_window on public.sign_in_addresses (window_start);
