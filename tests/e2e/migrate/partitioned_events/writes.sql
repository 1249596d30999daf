insert into events.events (at, kind, payload) values ('2025-01-01 00:00+00'::timestamptz + random() * '120 days'::interval, 'click', '{"new": true}');

update events.events set at = '2025-01-01 00:00+00'::timestamptz + random() * '120 days'::interval where id = (select id from events.events order by random() limit 1);

update events.events set kind = (array['click', 'tap', 'scroll', 'zoom'])[1 + floor(random() * 4)] where id = (select id from events.events order by random() limit 1);

update events.events set payload = payload || '{"seen": 1.0}', user_id = (select id from auth.users order by id limit 1 for key share) where id = (select id from events.events order by random() limit 1);

delete from events.events where id in (select id from events.events order by random() limit 1);

insert into events.hashed values (gen_random_uuid(), 1);

update events.hashed set id = gen_random_uuid() where id = (select id from events.hashed order by random() limit 1);

update only events.places set name = 'place ' || random() where id = 1;

update events.places set name = 'all ' || random() where id = 1;

update only events.cities set population = population + 1, id = id where id = 1;

with gone as (delete from only events.places where id = 2) update events.capitals set "of" = 'nothing';

truncate events.hashed_1;
