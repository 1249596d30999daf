insert into audited.entries (account_id, amount) values (1 + floor(random() * 10), round((random() * 100)::numeric, 2));

insert into audited.entries (account_id, amount) select 1 + n, -1.50 from generate_series(0, 2) as n;

update audited.accounts set balance = balance where id = 1 + floor(random() * 10);

delete from audited.rich where id = 1 + floor(random() * 10);

delete from audited.entries where id = (select min(id) from audited.entries) and random() < 0.5;
