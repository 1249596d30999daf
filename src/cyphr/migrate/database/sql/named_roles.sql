-- Roles that grants and policies of the moved schemas name. Parameter: platform — see tables.sql.
with moved as (
    select oid, nspacl from pg_namespace where nspname <> all (%(platform)s) and nspname not like 'pg\_%%'
), grants as (
    select (aclexplode(nspacl)).grantee from moved
    union select (aclexplode(c.relacl)).grantee from pg_class c join moved on moved.oid = c.relnamespace
    union select (aclexplode(a.attacl)).grantee from pg_attribute a join pg_class c on c.oid = a.attrelid
            join moved on moved.oid = c.relnamespace
    union select (aclexplode(p.proacl)).grantee from pg_proc p join moved on moved.oid = p.pronamespace
    union select (aclexplode(t.typacl)).grantee from pg_type t join moved on moved.oid = t.typnamespace
    union select unnest(p.polroles) from pg_policy p join pg_class c on c.oid = p.polrelid
            join moved on moved.oid = c.relnamespace
)
select r.rolname from grants join pg_roles r on r.oid = grants.grantee order by 1;
