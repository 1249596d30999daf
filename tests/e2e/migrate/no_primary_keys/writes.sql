insert into keyless.log values ('2025-01-01', 'info', '{"a": 1}', 1, null);

insert into keyless.log select null, null, null, null, null from generate_series(1, 2);

update keyless.log set level = 'warning', amount = 2 where ctid = (select ctid from keyless.log order by random() limit 1);

update keyless.log set detail = '{"b": null}' where ctid = (select ctid from keyless.log where long is not null limit 1);

delete from keyless.log where ctid = (select ctid from keyless.log order by random() limit 1);

insert into keyless.empty default values;

delete from keyless.empty where ctid = (select ctid from keyless.empty limit 1);

update keyless.with_a_key_too set note = note || '.', id = id + 1000 where id = (select min(id) from keyless.with_a_key_too);

update keyless.by_index set note = note || '.' where a = (select a from keyless.by_index order by random() limit 1);

update keyless.by_index set a = a + 1000, id = gen_random_uuid() where a = (select min(a) from keyless.by_index);

update keyless.by_index set id = gen_random_uuid() where a = (select max(a) from keyless.by_index);

update keyless.unique_only set code = code || '''', n = n + 1 where code = (select code from keyless.unique_only order by length(code), random() limit 1);

update keyless.late set id = id + 1;

update keyless.numbered set n = default where id = (select id from keyless.numbered order by random() limit 1);

update keyless.numbered set n = default, note = repeat('y', 5000) || random() where id = (select id from keyless.numbered order by random() limit 1);

update keyless.numbered set note = left(note, 100) || repeat('v', 4000) where id = (select id from keyless.numbered order by random() limit 1);
