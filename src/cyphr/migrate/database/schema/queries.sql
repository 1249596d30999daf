-- What the restoration asks. Parameter everywhere: platform, the schemas that are not moved (see tables.sql).

-- name: platform_references
-- Foreign keys that point at tables of the platform other than those that are brought along.
select n.nspname, c.relname, o.conname
  from pg_constraint o
  join pg_class c on c.oid = o.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class r on r.oid = o.confrelid
  join pg_namespace p on p.oid = r.relnamespace
 where o.contype = 'f'
   and n.nspname <> all (%(platform)s)
   and p.nspname = any (%(platform)s)
   and (p.nspname, r.relname) not in (('auth', 'users'), ('auth', 'identities'));

-- name: user_references
-- Foreign keys to the platform's users that are validated, or are not.
select n.nspname, c.relname, o.conname
  from pg_constraint o
  join pg_class c on c.oid = o.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where o.contype = 'f'
   and o.confrelid in (to_regclass('auth.users'), to_regclass('auth.identities'))
   and o.convalidated = %(validated)s
   and n.nspname <> 'auth'
   and o.conparentid = 0;

-- name: left_publications
-- Publications of the platform, of this tool and of superusers, and the tables in them.
select b.pubname, n.nspname, c.relname
  from pg_publication b
  left join pg_publication_rel r on r.prpubid = b.oid
  left join pg_class c on c.oid = r.prrelid
  left join pg_namespace n on n.oid = c.relnamespace
 where b.pubowner <> current_user::regrole
    or b.puballtables
    or b.pubname ~ '^(supabase|cyphr)_';

-- name: named_roles
-- Roles that grants, policies and default privileges of the moved schemas name. What the source's own user holds is
-- held by the target's there.
with moved as (
    select oid, nspacl from pg_namespace where nspname <> all (%(platform)s) and nspname not like 'pg\_%%'
), grants (role) as (
    select (aclexplode(nspacl)).grantee from moved
    union select (aclexplode(c.relacl)).grantee from pg_class c join moved on moved.oid = c.relnamespace
    union select (aclexplode(a.attacl)).grantee from pg_attribute a join pg_class c on c.oid = a.attrelid
            join moved on moved.oid = c.relnamespace
    union select (aclexplode(p.proacl)).grantee from pg_proc p join moved on moved.oid = p.pronamespace
    union select (aclexplode(t.typacl)).grantee from pg_type t join moved on moved.oid = t.typnamespace
    union select (aclexplode(d.defaclacl)).grantee from pg_default_acl d where d.defaclrole = current_user::regrole
), named (role) as (
    select role from grants where role <> current_user::regrole
    union select unnest(p.polroles) from pg_policy p join pg_class c on c.oid = p.polrelid
            join moved on moved.oid = c.relnamespace
)
select r.rolname from named join pg_roles r on r.oid = named.role order by 1;

-- name: forced_tables
-- Tables whose row-level security binds the current user although it owns them.
select n.nspname, c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relforcerowsecurity
   and n.nspname <> all (%(platform)s)
   and not (select rolbypassrls or rolsuper from pg_roles where rolname = current_user);

-- name: extensions
-- What the platform installs for itself stays there: the target has none of it, and the project's own objects that use
-- it are found by "needs".
select e.extname, n.nspname
  from pg_extension e
  join pg_namespace n on n.oid = e.extnamespace
 where e.extname <> 'plpgsql'
 order by e.oid;

-- name: available_extensions
select name from pg_available_extensions;

-- name: needs
-- Objects of the moved schemas that use one of the platform or of an extension, and how that one is found elsewhere.
-- Foreign keys are left to platform_references.
with moved as (
    select oid from pg_namespace where nspname <> all (%(platform)s) and nspname not like 'pg\_%%'
), relations as (
    select oid from pg_class where relnamespace in (select oid from moved)
), dependents (classid, objid) as (
    select 'pg_class'::regclass, oid from relations
    union all select 'pg_proc'::regclass, oid from pg_proc where pronamespace in (select oid from moved)
    union all select 'pg_type'::regclass, oid from pg_type where typnamespace in (select oid from moved)
    union all select 'pg_operator'::regclass, oid from pg_operator where oprnamespace in (select oid from moved)
    union all select 'pg_rewrite'::regclass, oid from pg_rewrite where ev_class in (select oid from relations)
    union all select 'pg_attrdef'::regclass, oid from pg_attrdef where adrelid in (select oid from relations)
    union all select 'pg_policy'::regclass, oid from pg_policy where polrelid in (select oid from relations)
    union all select 'pg_trigger'::regclass, oid from pg_trigger
               where tgrelid in (select oid from relations) and not tgisinternal
    union all select 'pg_constraint'::regclass, oid from pg_constraint
               where conrelid in (select oid from relations) and contype <> 'f'
), needed as (
    select distinct d.classid, d.objid, d.refclassid, d.refobjid
      from dependents
      join pg_depend d using (classid, objid)
     where d.refobjid >= 16384
       and d.deptype in ('n', 'a')
       and d.refclassid <> 'pg_namespace'::regclass
       and not exists (select from pg_depend e where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')
       and ((pg_identify_object(d.refclassid, d.refobjid, 0)).schema = any (%(platform)s)
            or exists (select from pg_depend e
                        where e.classid = d.refclassid and e.objid = d.refobjid and e.deptype = 'e'))
)
select pg_describe_object(classid, objid, 0), pg_describe_object(refclassid, refobjid, 0),
       address.type, address.object_names, address.object_args
  from needed
 cross join lateral pg_identify_object_as_address(refclassid, refobjid, 0) as address
 order by 1, 2;

-- name: find_object
-- Raises when there is no such object.
select pg_get_object_address(%(kind)s, %(names)s, %(arguments)s);

-- name: filled_views
-- Materialised views that hold rows, those that read others after them.
with recursive reads (reader, read) as (
    select distinct r.ev_class, d.refobjid
      from pg_rewrite r
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                      and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
), depths (oid, depth) as (
    select oid, 0 from pg_class where relkind in ('v', 'm')
    union
    select reads.reader, depths.depth + 1 from depths join reads on reads.read = depths.oid
)
select n.nspname, c.relname
  from depths
  join pg_class c on c.oid = depths.oid and c.relkind = 'm' and c.relispopulated
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname <> all (%(platform)s)
 group by c.oid, n.nspname, c.relname
 order by max(depths.depth), n.nspname, c.relname;

-- name: limit_helpers
-- For this transaction. Where every core is busy with rows, processes that share the building of an index cost more than
-- they bring: each sorts its part into a file, and one of them merges those.
select set_config('max_parallel_maintenance_workers',
                  least(current_setting('max_parallel_maintenance_workers')::int, %(helpers)s)::text, true);
