insert into tickets (organisation_id, author_id, title, body)
select organisation_id, user_id, 'new', repeat('long ', 2000) from members order by random() limit 2 for key share;

update tickets set state = 'in progress', history = history || state, changed_at = clock_timestamp()
 where id = (select id from tickets order by random() limit 1);

update tickets set state = 'it''s done', history = history || state where id in (select id from tickets order by random() limit 1);

delete from tickets where id in (select id from tickets where state = 'it''s done' limit 1);

with new as (insert into organisations (name, settings) values ('new', '{"plan": null, "seats": 1.50}') returning id)
insert into members (organisation_id, user_id, role)
select new.id, p.id, 'owner' from new, (select id from auth.users limit 3 for key share) p;

delete from organisations where name = 'new' and id in (select id from organisations where name = 'new' limit 1);

insert into members (organisation_id, user_id)
select o.id, p.id
  from (select id from organisations order by random() limit 1 for key share) o,
       (select id from auth.users order by random() limit 1 for key share) p
on conflict do nothing;
