-- name: make_copied
-- What is copied: pgbench's accounts, and messages that will have three indexes.
create table accounts (
    aid      integer primary key,
    bid      integer,
    abalance integer,
    filler   char(84)
);
create table messages (
    id         uuid primary key default gen_random_uuid(),
    chat_id    integer not null,
    sender_id  integer not null,
    content    text not null,
    created_at timestamptz not null
);

-- name: fill_accounts
insert into accounts select n, n / 100000, 0, '' from generate_series(1, %(rows)s) n;

-- name: fill_messages
insert into messages (chat_id, sender_id, content, created_at)
     select n %% 20000, n %% 7919, repeat(md5(n::text), 2 + n %% 10), timestamptz '2025-01-01' + n * interval '1 second'
       from generate_series(1, %(rows)s) n;

-- name: index_copied
create index messages_by_chat on messages (chat_id, created_at);
create index messages_by_sender on messages (sender_id);

-- name: forget_migration
-- Leave the source as it was before our migration looked at it. The fence's triggers go with their function.
drop publication if exists cyphr_migrate;
drop schema if exists cyphr cascade;

-- name: copied_size
select pg_database_size(current_database()) / 1e6;

-- name: make_followed
-- What is followed: half of the rows that will be there are there before.
create table events (
    id         bigint primary key,
    kind       integer not null,
    content    text not null,
    changed_at timestamptz not null default clock_timestamp()
);
create table probes (id bigint primary key);
insert into events select n, n % 7, md5(n::text) || md5((-n)::text), '2025-01-01' from generate_series(1, 100000) n;

-- Single-row transactions: two inserts, an update, a delete, and so on.
create procedure write_backlog(transactions bigint) language plpgsql as $$
declare
    n bigint;
begin
    for n in 1 .. transactions loop
        case n % 4
            when 2 then
                update events set content = md5(n::text), changed_at = clock_timestamp() where id = 1 + (n * 7919) % 50000;
            when 3 then
                delete from events where id = 50001 + n / 4;
            else
                insert into events (id, kind, content) values (1000000 + n, n % 7, md5(n::text) || md5((-n)::text));
        end case;
        commit;
    end loop;
end
$$;

-- name: write_backlog
call write_backlog(%(transactions)s);

-- name: probe
insert into probes values (%(id)s);

-- name: is_probe_here
select 1 from probes where id = %s;

-- name: sum_of_events
select json_build_array(count(*), sum(hash_record_extended(row(id, kind, content, changed_at), 0))) from events;

-- name: make_written
-- What writers write during handovers. A write that came twice is two rows with one token, or a count too high.
create table writes (
    id         bigint generated always as identity primary key,
    token      uuid not null,
    writer     integer not null,
    content    text not null,
    written_at timestamptz not null default now()
);
create table counters (writer integer primary key, count bigint not null default 0);
insert into counters (writer) select generate_series(0, 99);

-- name: write_row
insert into writes (token, writer, content) values (%(token)s, %(writer)s, repeat('x', 200));

-- name: count_write
update counters set count = count + 1 where writer = %(writer)s;

-- name: tokens
select token from writes;

-- name: counts
select writer, count from counters where count > 0;
