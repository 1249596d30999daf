-- Names that must be quoted, escaped, or that are as long as names can be.

create schema "a schema % with ""spaces""";
set search_path = "a schema % with ""spaces""";
create type "Größe 'n'" as enum ('%s', 'a"b', 'ß');
create table "Ünïcödé ""quoted""" (
    "select" int primary key, "%s" text, "a""b" text, "ö.ü" "Größe 'n'", "{curly}" text, "$1" int, "back\slash" text, " " text,
    "colon:name" text generated always as ("%s" || '%') stored
);
create table "order" ("user" int, "table" text, "%(x)s" int, primary key ("%(x)s", "user"));
create table "ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" (
    "ккккккккккккккккккккккккккккккк" int generated always as identity primary key, "CamelCase" text
);
create table "from only" ("id" int primary key, "null" text default 'null', "true" boolean) ;
create table "no key;--" ("--" text, "/*" jsonb);
alter table "no key;--" replica identity full;
create index "index % ""name""" on "Ünïcödé ""quoted""" ("a""b");
create sequence "Sequence 'x' %d";
create function "f%(x)s"(int) returns int language sql as 'select $1';
create view "view %" as select "select" as "from" from "Ünïcödé ""quoted""";
alter table "order" enable row level security;
create policy "policy ""of"" %" on "order" using (true);
alter table "order" add constraint "fk %" foreign key ("user") references "from only" ("id") deferrable initially deferred;
create trigger "trigger % x" before update on "order" for each row execute function suppress_redundant_updates_trigger();
comment on column "order"."%(x)s" is 'percent % "quoted" \ $1';
insert into "Ünïcödé ""quoted""" ("select", "%s", "a""b", "ö.ü") select n, '%s', 'x', 'a"b' from generate_series(1, 20) as n;
insert into "from only" select n from generate_series(1, 20) as n;
insert into "order" select n, '%', n from generate_series(1, 20) as n;
insert into "no key;--" values ('--', '{"%":  "%s"}'), (null, null), (null, null);
reset search_path;
