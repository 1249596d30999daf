update "a schema % with ""spaces"""."Ünïcödé ""quoted""" set "%s" = '%' || random(), "$1" = 1, "back\slash" = '\', "ö.ü" = '%s' where "select" = 1 + floor(random() * 20);

insert into "a schema % with ""spaces"""."Ünïcödé ""quoted""" ("select", "a""b") select max("select") + 1, '$1' from "a schema % with ""spaces"""."Ünïcödé ""quoted""" on conflict do nothing;

update "a schema % with ""spaces"""."order" set "%(x)s" = "%(x)s" + 100, "table" = '''' where "user" = 1 + floor(random() * 20);

insert into "a schema % with ""spaces"""."ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" ("CamelCase") values ('%');

update "a schema % with ""spaces"""."ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" set "CamelCase" = "CamelCase" || '%';

update "a schema % with ""spaces"""."no key;--" set "--" = '/*' || random() where ctid = (select ctid from "a schema % with ""spaces"""."no key;--" limit 1);

select nextval('"a schema % with ""spaces"""."Sequence ''x'' %d"');
