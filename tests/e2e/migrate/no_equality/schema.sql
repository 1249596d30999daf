-- Rows without a key whose columns have no equality, or one that takes different values for the same. PostgreSQL's own
-- subscription cannot follow the former and mixes up the latter.

create schema odd;
create table odd.log (detail json, place point, amount numeric, flags float8[], long text, "order" int);
alter table odd.log replica identity full;

insert into odd.log select '{"a":  1}', '(0,-0)', 1.0, '{NaN,0}', null from generate_series(1, 20);
insert into odd.log select '{"a":  1}', '(0,0)', 1.00, '{NaN,-0}', repeat('x', 20000) from generate_series(1, 20);
insert into odd.log select null, null, null, null, null from generate_series(1, 5);
