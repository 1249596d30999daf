-- What a database knows of the streams that are applied to it. Lives in the receiving database, so that the position
-- commits in the same transaction as the rows. Idempotent; on both sides, since each receives in its turn.

create table if not exists cyphr.streams (
    name        text primary key,                 -- the replication slot on the sending side
    applied_lsn pg_lsn not null,                  -- everything that committed before it there is here
    opened      boolean not null,                 -- false: skip until the mark that says the sender opened for writing
    updated_at  timestamptz not null default clock_timestamp()
);

-- A table's rows as of one point of the stream: changes that committed before it are in the copy already. When its
-- parts show different points, changes between the two may be in it or not.
create table if not exists cyphr.copied (
    schema_name text not null,
    table_name  text not null,
    oldest_lsn  pg_lsn not null,
    newest_lsn  pg_lsn not null,
    rows        bigint not null,
    bytes       bigint not null,
    finished_at timestamptz not null default clock_timestamp(),
    primary key (schema_name, table_name)
);

-- The parts that a large table is copied in: ranges of its blocks on the source. lsn: the point that the rows of this
-- part show; null: not copied yet. end_block null: to the end of the table.
create table if not exists cyphr.copied_parts (
    schema_name text not null,
    table_name  text not null,
    number      int not null,
    filenode    bigint not null,
    first_block bigint not null,
    end_block   bigint,
    lsn         pg_lsn,
    rows        bigint not null default 0,
    bytes       bigint not null default 0,
    finished_at timestamptz,
    primary key (schema_name, table_name, number)
);

-- Handovers to this side that were called off: an opening that is still under way must not succeed any more.
create table if not exists cyphr.called_off (
    epoch         bigint primary key,
    called_off_at timestamptz not null default clock_timestamp()
);

-- What triggers and rules that fire also for a replica were, while this side receives: A always, R replica.
create table if not exists cyphr.quietened (
    kind        text not null check (kind in ('trigger', 'rule')),
    schema_name text not null,
    table_name  text not null,
    name        text not null,
    state       text not null check (state in ('A', 'R')),
    primary key (kind, schema_name, table_name, name)
);

-- Steps of the schema's restoration that are done, each recorded in the transaction that did it.
create table if not exists cyphr.schema_steps (
    step        text primary key,
    finished_at timestamptz not null default clock_timestamp()
);
