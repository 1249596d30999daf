-- name: make_messages
-- One table as applications have them: every kind of column that is common, a third of the rows with a NULL.
create table messages (
    id         uuid primary key,
    chat_id    uuid not null,
    sender_id  uuid not null,
    seq        bigint not null,
    kind       varchar(20) not null,
    content    text,
    amount     numeric(20, 7),
    rating     numeric,
    encrypted  boolean not null,
    sent_at    timestamptz not null,
    read_at    timestamptz
);

-- name: fill_messages
insert into messages
select md5(n::text)::uuid, md5((n / 100)::text)::uuid, md5((n %% 1000)::text)::uuid, n, 'text',
       repeat('a few words more ', (n %% 12)::int) || n, n * 0.0000001, n / 8.0, n %% 2 = 0,
       timestamptz '2025-01-01' + n * interval '1.234567 seconds',
       case when n %% 3 > 0 then timestamptz '2025-01-02' + n * interval '1 second' end
  from generate_series(1, %(rows)s::bigint) as n;

-- name: settle_messages
vacuum (freeze, analyze) messages;

-- name: bare_scan
select sum(hash_record_extended(m, 0)) from messages as m;

-- name: one_core
-- Compilation and further workers would make a scan's time a matter of its size and of what else runs.
select set_config('max_parallel_workers_per_gather', '0', false), set_config('jit', 'off', false);

-- name: some_keys
select id::text from messages order by id limit %(keys)s;
