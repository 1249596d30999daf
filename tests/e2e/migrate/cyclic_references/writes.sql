with ids as (select gen_random_uuid() as team, gen_random_uuid() as lead),
     team as (insert into cycles.teams select team, 'team', lead from ids)
insert into cycles.people (id, team_id, boss_id, rank) select lead, team, lead, 1 from ids;

select pg_advisory_xact_lock(1);
insert into cycles.people (team_id, boss_id, rank)
select t.id, t.lead_id, (select max(rank) + 1 from cycles.people p where p.team_id = t.id)
  from (select * from cycles.teams order by random() limit 1 for update) t;

select pg_advisory_xact_lock(1);
update cycles.people p set rank = 1 + m.most - p.rank
  from (select t.id, (select max(rank) from cycles.people q where q.team_id = t.id) as most
          from (select id from cycles.teams order by random() limit 1 for update) t) m
 where p.team_id = m.id;

delete from cycles.teams where id in (select id from cycles.teams order by random() limit 1) and random() < 0.3;

update cycles.nodes set next_id = 1 + floor(random() * 20) where id = 1 + floor(random() * 20);

lock table cycles.slots in share row exclusive mode;
update cycles.slots set place = place + 100 where id in (3, 4);
update cycles.slots set place = (select place - 100 from cycles.slots where id = 4) where id = 3;
update cycles.slots set place = case when 3 = any (array(select place from cycles.slots where id = 3)) then 4 else 3 end where id = 4;
