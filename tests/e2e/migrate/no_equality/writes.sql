insert into odd.log values ('{"a":  1}', '(0,-0)', 1.0, '{NaN,0}', null);

insert into odd.log values ('{"a": 1}', '(0,0)', 1.00, '{NaN,-0}', null, 1);

update odd.log set amount = amount + 0.00, flags = '{0,-0}' where ctid = (select ctid from odd.log order by random() limit 1);

update odd.log set detail = '{"a": 1, "b":null}' where ctid = (select ctid from odd.log where long is not null limit 1);

delete from odd.log where ctid = (select ctid from odd.log order by random() limit 1);

update odd.log set place = '(-0,0)' where place ~= '(0,0)' and random() < 0.05;
