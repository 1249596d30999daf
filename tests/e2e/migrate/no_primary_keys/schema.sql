-- Logs that nobody gave a key, with duplicates and nulls; and keys that are no primary key.

create schema keyless;
create table keyless.log (at timestamptz, level text, detail jsonb, amount int, long text);
alter table keyless.log replica identity full;
create table keyless.empty ();
alter table keyless.empty replica identity full;
create table keyless.with_a_key_too (id int primary key, note text);
alter table keyless.with_a_key_too replica identity full;
create table keyless.by_index (a int not null, b text not null, id uuid primary key default gen_random_uuid(), note text);
create unique index by_index_a_b on keyless.by_index (b, a);
alter table keyless.by_index replica identity using index by_index_a_b;
create table keyless.unique_only (code text not null unique, n int);
alter table keyless.unique_only replica identity using index unique_only_code_key;
create table keyless.numbered (id uuid primary key default gen_random_uuid(), n int generated always as identity, note text);
create table keyless.late (id int primary key deferrable initially deferred, note text);
alter table keyless.late replica identity full;

insert into keyless.log select '2025-01-01', 'info', '{"a": 1}', 1, null from generate_series(1, 20);
insert into keyless.log select '2025-01-01', 'info', '{"a": 1}', 1, repeat('x', 20000) from generate_series(1, 20);
insert into keyless.log select null, null, null, null, null from generate_series(1, 5);
insert into keyless.empty default values;
insert into keyless.empty default values;
insert into keyless.with_a_key_too select n, 'note ' || n from generate_series(1, 50) as n;
insert into keyless.by_index (a, b, note) select n, 'b' || n, repeat('y', 5000) from generate_series(1, 50) as n;
insert into keyless.unique_only select 'c' || n, n from generate_series(1, 50) as n;
insert into keyless.late select n, 'note' from generate_series(1, 20) as n;
insert into keyless.numbered (note) select repeat('z', 5000) from generate_series(1, 10);
