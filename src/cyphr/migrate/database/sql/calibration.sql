-- One vector of values per type that is compared by its own hash (by the type's number), hashed as rows are, and under
-- 0 one of types that are compared as they print. Two servers that answer alike hash and print alike.
-- Parameter: seed.
with vectors (type, hash) as (values
    (16,   hash_record_extended(row(true, false, null::bool), %(seed)s::bigint)),
    (17,   hash_record_extended(row('\x'::bytea, '\x00ff80'::bytea), %(seed)s::bigint)),
    (18,   hash_record_extended(row('a'::"char"), %(seed)s::bigint)),
    (19,   hash_record_extended(row('name'::name), %(seed)s::bigint)),
    (20,   hash_record_extended(row(int8 '-9223372036854775808', int8 '4294967295', -1::int8), %(seed)s::bigint)),
    (21,   hash_record_extended(row(int2 '-32768', 7::int2), %(seed)s::bigint)),
    (23,   hash_record_extended(row(-2147483648, 42, null::int4), %(seed)s::bigint)),
    (25,   hash_record_extended(row(''::text, 'a'::text, repeat('text ', 50)), %(seed)s::bigint)),
    (26,   hash_record_extended(row(4294967295::oid), %(seed)s::bigint)),
    (650,  hash_record_extended(row(cidr '10.0.0.0/8', cidr '2001:db8::/32'), %(seed)s::bigint)),
    (700,  hash_record_extended(row(float4 '1.1', float4 'NaN', float4 '-Infinity'), %(seed)s::bigint)),
    (701,  hash_record_extended(row(float8 '1e-300', float8 'NaN', float8 'Infinity'), %(seed)s::bigint)),
    (774,  hash_record_extended(row(macaddr8 '08:00:2b:01:02:03:04:05'), %(seed)s::bigint)),
    (790,  hash_record_extended(row(cash_send(money '-1')), %(seed)s::bigint)),
    (829,  hash_record_extended(row(macaddr '08:00:2b:01:02:03'), %(seed)s::bigint)),
    (869,  hash_record_extended(row(inet '192.0.2.1', inet '2001:db8::1/64'), %(seed)s::bigint)),
    (1043, hash_record_extended(row(''::varchar, 'a'::varchar), %(seed)s::bigint)),
    (1082, hash_record_extended(row(date '0044-03-15 BC', date 'infinity'), %(seed)s::bigint)),
    (1083, hash_record_extended(row(time_send(time '23:59:59.999999')), %(seed)s::bigint)),
    (1114, hash_record_extended(row(timestamp_send(timestamp 'infinity')), %(seed)s::bigint)),
    (1184, hash_record_extended(row(timestamptz_send(timestamptz '2025-08-29 23:06:03.481+00')), %(seed)s::bigint)),
    (1186, hash_record_extended(row(interval_send(interval '1 month -3 days 00:00:01.5')), %(seed)s::bigint)),
    (1266, hash_record_extended(row(timetz_send(timetz '12:00+05:30')), %(seed)s::bigint)),
    (1560, hash_record_extended(row(bit_send(b'10100')), %(seed)s::bigint)),
    (1562, hash_record_extended(row(varbit_send(varbit '1')), %(seed)s::bigint)),
    (1700, hash_record_extended(row(1.50, 'NaN'::numeric, 0.0, numeric_send(-12345678901234567890.50)), %(seed)s::bigint)),
    (2950, hash_record_extended(row('0b3510b0-b46e-41da-b170-17a6205738d1'::uuid), %(seed)s::bigint)),
    (3220, hash_record_extended(row(pg_lsn_send(pg_lsn '16/B374D848')), %(seed)s::bigint))
), printed (line) as (values
    (row(array[0.1, 1e300, 'NaN']::float8[], array['a"b', null, ''], '[0:1]={1,2}'::int[])::text),
    (row('{"a": 1.00, "b": [null, "\u0041"]}'::jsonb, '{"a":  1.0}'::json, point '(0.1,2)', box '((1,1),(0,0))')::text),
    (row(numrange(1.0, 2.50), tstzrange('2025-01-01 00:00+00', null), int4multirange(int4range(1, 3)))::text),
    (row('a fat:1A cat:2'::tsvector, 'a & !b'::tsquery, 'a  '::bpchar, interval '1 day', money '1')::text)
)
select type, hash, null as line from vectors
union all
select 0, hash_record_extended(row(string_agg(line, ' ')), %(seed)s::bigint), string_agg(line, ' ') from printed;
