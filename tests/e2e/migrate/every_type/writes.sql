insert into types.scalars (bool_, float8_, numeric_, text_, bytea_, json_, timestamptz_, interval_, char_, line_)
values (random() < 0.5, random() - 0.5, (random() * 1e20)::numeric, E'\\x' || random(), decode(md5(random()::text), 'hex'), ('{"a":   ' || random() || '}')::json, clock_timestamp(), random() * '1 year'::interval, 'z', '{0,1,2}');

update types.scalars set float4_ = case when random() < 0.3 then 'NaN'::float4 else random() end, numeric_10_2 = random() * 100,
       jsonb_ = jsonb_build_object('at', clock_timestamp()), tsvector_ = to_tsvector('simple', 'it is ' || random())
 where id = (select id from types.scalars order by random() limit 1);

update types.scalars set varchar_ = null, date_ = '-infinity', bit_ = b'11111' where id = (select id from types.scalars order by random() limit 1);

insert into types.compounds (mood, moods, pair, pairs, ints, tstzrange_, float_ranges, tags, nested)
select mood, array[mood, null], (1, E'a"b\\c')::types.pair, array[(1, 'x')::types.pair, null], array[[1, 2], [3, 4]],
       tstzrange(now(), null), '{[0,1)}', '{x}', ((2, 'y'), array[(3, null)::types.pair], mood)::types.nested
  from (select (enum_range(null::types.mood))[1 + floor(random() * 4)] as mood) as m;

update types.compounds set moods = moods || 'ΰ'::types.mood, matrix = '{{5}}', jsons = array['{"b":  2}'::json], ranges = '{"[1,5)"}'
 where id = (select id from types.compounds order by random() limit 1);

update types.compounds set id = default where id = (select id from types.compounds order by random() limit 1);

delete from types.compounds where id = (select id from types.compounds order by random() limit 1);

update types.numeric_keys set key = key + 0.10 where key = 1.0;

update types.numeric_keys set key = trim_scale(key), n = n + 1;

update types.text_keys set key = key || E'\n%', kind = 'sad' where at = '2025-01-01' and length(key) < 50;

update types.char_keys set n = n + 1, key = key;

update types.interval_keys set key = case key when '1 month' then '30 days'::interval else key end, n = n + 1;
