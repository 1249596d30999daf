-- A column of every built-in type, of every kind of user-defined type, and values at the ends of what they hold.

create schema types;
create type types.mood as enum ('sad', 'it''s ok', 'ΰ', '"quoted"');
create type types.pair as (a int, b text);
create type types.nested as (one types.pair, many types.pair[], mood types.mood);
create domain types.positive as numeric check (value > 0);
create domain types.tags as text[] check (cardinality(value) < 10);
create type types.float_range as range (subtype = float8);

create table types.scalars (
    id serial primary key,
    bool_ bool, char_ "char", name_ name, int2_ int2, int4_ int4, int8_ int8, float4_ float4, float8_ float8,
    numeric_ numeric, numeric_10_2 numeric(10, 2), numeric_neg numeric(3, -2), money_ money,
    text_ text, varchar_ varchar(20), bpchar_ char(8), bytea_ bytea,
    date_ date, time_ time, timetz_ timetz, timestamp_ timestamp, timestamptz_ timestamptz, timestamp_0 timestamp(0),
    interval_ interval, interval_month interval year to month, interval_3 interval(3),
    uuid_ uuid, json_ json, jsonb_ jsonb, jsonpath_ jsonpath, xml_ text,
    inet_ inet, cidr_ cidr, macaddr_ macaddr, macaddr8_ macaddr8,
    bit_ bit(5), varbit_ varbit, point_ point, line_ line, lseg_ lseg, box_ box, path_ path, polygon_ polygon, circle_ circle,
    tsvector_ tsvector, tsquery_ tsquery, oid_ oid, regclass_ regclass, regtype_ regtype, lsn_ pg_lsn,
    xid_ xid, xid8_ xid8, cid_ cid, tid_ tid, snapshot_ pg_snapshot, txid_snapshot_ txid_snapshot,
    doubled numeric generated always as (numeric_ * 2) stored
);
create table types.compounds (
    id bigint generated always as identity primary key,
    mood types.mood, moods types.mood[], pair types.pair, pairs types.pair[], nested types.nested,
    positive types.positive, tags types.tags,
    ints int[], matrix int[][], texts text[], jsons json[], floats float8[], times timestamptz[], bytes bytea[],
    int4range_ int4range, int8range_ int8range, numrange_ numrange, tsrange_ tsrange, tstzrange_ tstzrange,
    daterange_ daterange, int4multirange_ int4multirange, tstzmultirange_ tstzmultirange,
    float_range types.float_range, float_ranges types.float_multirange, ranges int4range[]
);
-- Keys of types whose equality and printing are not the same thing.
create table types.numeric_keys (key numeric primary key, n int);
create table types.text_keys (key text collate "C", at timestamptz, kind types.mood, primary key (kind, at, key));
create table types.char_keys (key char(10) primary key, n int);
create table types.interval_keys (key interval primary key, n int);

insert into types.scalars (bool_) values (null), (true), (false);
insert into types.scalars (float4_, float8_, numeric_, numeric_10_2, numeric_neg, money_, int2_, int4_, int8_) values
    ('NaN', 'NaN', 'NaN', 'NaN', 12345, '-92233720368547758.08', -32768, -2147483648, -9223372036854775808),
    ('infinity', '-infinity', 'infinity', 99999999.99, -99900, '92233720368547758.07', 32767, 2147483647, 9223372036854775807),
    ('-0', '-0', 1.500, 0.00, 0, 0, 0, 0, 0),
    (1.17549435e-38, 5e-324, 1e130999, 0.1, 1, 1, 1, 1, 1),
    (0.1, 0.1, 1e-16380, 0.10, 1, 1, 1, 1, 1),
    (3.4028235e38, 1.7976931348623157e308, repeat('9', 1000)::numeric, 1, 1, 1, 1, 1, 1);
insert into types.scalars (date_, time_, timetz_, timestamp_, timestamptz_, timestamp_0, interval_, interval_month, interval_3) values
    ('infinity', '24:00', '23:59:60-15:59:59', '-infinity', 'infinity', 'infinity', '-178000000 years', '-1-2', '1.0005 s'),
    ('4713-01-01 BC', '00:00', '00:00+15:59', '4713-01-01 00:00 BC', '4713-01-02 00:00+00 BC', '0001-01-01 BC', '1 mon -1 day 00:00:00.000001', '99 years', '0'),
    ('5874897-12-31', '12:00:00.000001', '12:00+05:30', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '2025-01-01 00:00:00.5', '30 days', '1 mon', '1 day'),
    ('2025-10-26', '02:30', '02:30+01', '2025-10-26 02:30', '2025-10-26 02:30+01', '2025-10-26 02:30', '1 mon', '1 mon', '-0.001 s');
insert into types.scalars (char_, name_, text_, varchar_, bpchar_, bytea_, json_, jsonb_, jsonpath_, uuid_) values
    ('\200', 'n', '', '', '', '', '{"a": 1,  "a": 2.0}', '{"b": 1.00, "a": null}', '$.a[*] ? (@ > 1)', '00000000-0000-0000-0000-000000000000'),
    ('a', repeat('x', 63)::name, E'tab\tnewline\nreturn\rback\\slash', E'\\N', 'a  ', '\x00ff5c0a', '"\u0000"', '[1e400, -0, "𝄞"]', 'strict $', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
    (null, null, repeat('long Жук 🐞 ', 20000), '𝄞𝄞', 'ж', decode(repeat('00', 100000), 'hex'), 'null', 'null', 'lax $', null),
    ('', '', E'\x01\x7f', E'\\.', '\.', '\x5c', '  [ ]  ', '{}', '$', null);
insert into types.scalars (inet_, cidr_, macaddr_, macaddr8_, bit_, varbit_, point_, line_, lseg_, box_, path_, polygon_, circle_) values
    ('::1/128', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', b'10101', b'', '(-0,1e300)', '{1,-1,0.1}', '[(0,0),(1,1)]', '((1,1),(0,0))', '[(0,0),(1,2)]', '((0,0),(1,0),(1,1))', '<(0,0),1>'),
    ('192.0.2.1/24', '::/0', null, null, b'00000', b'1', '(NaN,infinity)', null, null, null, '((0,0),(1,2))', null, '<(1,1),0>');
insert into types.scalars (tsvector_, tsquery_, oid_, regclass_, regtype_, lsn_, xid_, xid8_, cid_, tid_, snapshot_, txid_snapshot_) values
    ('a:1A fat:2B ''it''''s''', 'a & !(b | c) <-> d:*A', 4294967295, 'pg_class', 'int4', 'FFFFFFFF/FFFFFFFF', '4294967295', '18446744073709551615', '1', '(4294967295,65535)', '10:20:10,14', '10:20:10,14'),
    ('', '', 0, null, null, '0/0', '0', '0', '0', '(0,0)', '1:1:', '1:1:');
insert into types.compounds (mood, moods, pair, pairs, nested, positive, tags, ints, matrix, texts, jsons, floats, times, bytes) values
    ('ΰ', '{sad,NULL,"\"quoted\""}', '(1,"a,b")', '{"(1,)","(,\"\")",NULL}', '("(1,x)","{""(2,y)""}",sad)', 1.50, '{a,"b c"}', '{1,NULL,3}', '{{1,2},{3,4}}', '{"",NULL,"NULL","a\"b\\c"}', array['{"a":  1}', 'null']::json[], '{NaN,-0,Infinity}', '{infinity,"2025-01-01 00:00+00"}', array['\x00', '\xff']::bytea[]),
    (null, '{}', '(,)', '{}', '(,,)', null, '{}', '[-1:1]={1,2,3}', '{}', '{}', '{}', '{}', '{}', '{}');
insert into types.compounds (int4range_, int8range_, numrange_, tsrange_, tstzrange_, daterange_, int4multirange_, tstzmultirange_, float_range, float_ranges, ranges) values
    ('empty', '[1,)', '(1.0,2.50]', '[-infinity,infinity]', '(,)', '[2025-01-01,2025-02-01)', '{[1,3),[5,7)}', '{}', '(-0,NaN]', '{[0,1),(2,3]}', '{empty,"[1,2)",NULL}'),
    (null, 'empty', '[1.00,1.00]', 'empty', '["2025-01-01 00:00+00",)', '(,infinity)', '{}', '{(,)}', 'empty', '{}', '{}');
insert into types.numeric_keys values (1.0, 1), ('NaN', 2), ('infinity', 3), (1e-1000, 4);
insert into types.text_keys values ('', '-infinity', 'sad'), ('''', 'infinity', 'ΰ'), (E'\\', '2025-01-01', 'it''s ok'), ('%s', '2025-01-01', '"quoted"');
insert into types.char_keys values ('a', 1), ('%', 2);
insert into types.interval_keys values ('1 month', 1), ('31 days', 2);
