-- Every object of the moved schemas, one line each: what kind it is, which one, and how it is defined. Then the comments
-- and the grants on them. Lines of equal schemas are equal on every supported version: what a version adds of its own (NOT
-- NULL as a constraint, the privilege MAINTAIN) is left out, and so is whatever this tool adds. Owners are not compared:
-- everything belongs to the target's owner there. To be run with an empty search_path, so that every name is whole.
-- Parameter: platform (see tables.sql).
with moved as (
    select oid, nspname, nspowner, nspacl
      from pg_namespace
     where nspname <> all (%(platform)s) and nspname not like 'pg\_%%'
), members as (
    select classid, objid from pg_depend where deptype = 'e'
), relations as (
    select c.*
      from pg_class c
     where c.relnamespace in (select oid from moved)
       and c.relkind in ('r', 'p', 'v', 'm', 'c', 'f', 'S')
       and not exists (select from members m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
), objects (kind, identity, definition, classid, objid, subid, acl_kind, acl, owner) as (

    select 'schema', quote_ident(nspname), '', 'pg_namespace'::regclass, oid, 0, 'n'::"char", nspacl, nspowner
      from moved

    union all
    select 'extension', extname, 'schema ' || extnamespace::regnamespace, 'pg_extension'::regclass, oid, 0, null, null, null
      from pg_extension
     where extname not in ('plpgsql', 'pg_graphql', 'pgsodium', 'supabase_vault', 'pg_net', 'pgjwt')

    union all
    select case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'c' then 'type'
                          else 'foreign table' end,
           c.oid::regclass::text,
           concat_ws(' ',
               case c.relpersistence when 'u' then 'unlogged' end,
               'of ' || nullif(c.reloftype, 0)::regtype,
               case when c.relispartition then 'partition of' end,
               (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) from pg_inherits i
                 where i.inhrelid = c.oid),
               pg_get_expr(c.relpartbound, c.oid),
               'partition by ' || pg_get_partkeydef(c.oid),
               case when c.relrowsecurity then 'row security' end,
               case when c.relforcerowsecurity then 'forced' end,
               'replica identity ' || case when c.relkind in ('r', 'p') then c.relreplident::text end,
               (select i.indexrelid::regclass from pg_index i where i.indrelid = c.oid and i.indisreplident),
               'with ' || array_to_string(c.reloptions, ', '),
               (select s.srvname from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver
                 where f.ftrelid = c.oid)),
           'pg_class'::regclass, c.oid, 0, 'r'::"char", case when c.relkind <> 'c' then c.relacl end, c.relowner
      from relations c
     where c.relkind in ('r', 'p', 'c', 'f')

    union all
    select case c.relkind when 'v' then 'view' else 'materialized view' end, c.oid::regclass::text,
           concat_ws(' ', 'with ' || array_to_string(c.reloptions, ', '), pg_get_viewdef(c.oid)),
           'pg_class'::regclass, c.oid, 0, 'r'::"char", c.relacl, c.relowner
      from relations c
     where c.relkind in ('v', 'm')

    union all
    select 'column', c.oid::regclass::text || '.' || quote_ident(a.attname),
           concat_ws(' ',
               row_number() over (partition by c.oid order by a.attnum),
               format_type(a.atttypid, a.atttypmod),
               'collate ' || case when a.attcollation <> t.typcollation then a.attcollation end::regcollation,
               case when a.attnotnull then 'not null' end,
               case when c.relispartition then null  -- since version 17 a partition has its parent's
                    when a.attidentity = 'a' then 'identity always' when a.attidentity = 'd' then 'identity by default' end,
               case when a.attgenerated <> '' then 'generated ' || a.attgenerated::text else 'default' end
                   || ' ' || pg_get_expr(d.adbin, d.adrelid),
               'storage ' || case when a.attstorage <> t.typstorage then a.attstorage::text end,
               'compression ' || nullif(a.attcompression::text, ''),
               'statistics ' || nullif(a.attstattarget, -1),
               'with ' || array_to_string(a.attoptions, ', '),
               case when not a.attislocal then 'inherited' end),
           'pg_class'::regclass, c.oid, a.attnum, 'c'::"char", a.attacl, c.relowner
      from relations c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where c.relkind <> 'S'

    union all
    select 'sequence', c.oid::regclass::text,
           concat_ws(' ', format_type(s.seqtypid, null), 'start', s.seqstart, 'by', s.seqincrement, 'from', s.seqmin,
               'to', s.seqmax, 'cache', s.seqcache, case when s.seqcycle then 'cycle' end,
               case when c.relpersistence = 'u' then 'unlogged' end,
               (select 'owned by ' || d.refobjid::regclass || '.' || quote_ident(a.attname)
                  from pg_depend d
                  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                 where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
                   and d.deptype in ('a', 'i'))),
           'pg_class'::regclass, c.oid, 0, 's'::"char", c.relacl, c.relowner
      from relations c
      join pg_sequence s on s.seqrelid = c.oid

    union all
    select 'constraint',
           coalesce(nullif(o.conrelid, 0)::regclass::text, format_type(o.contypid, null)) || '.' || quote_ident(o.conname),
           concat_ws(' ', pg_get_constraintdef(o.oid), case when not o.conislocal then 'inherited' end),
           'pg_constraint'::regclass, o.oid, 0, null, null, null
      from pg_constraint o
     where o.contype not in ('n', 't')
       and (o.conrelid in (select oid from relations)
            or o.contypid in (select t.oid from pg_type t where t.typnamespace in (select oid from moved)))

    union all
    select 'index', i.indexrelid::regclass::text,
           concat_ws(' ', pg_get_indexdef(i.indexrelid), case when not i.indisvalid then 'invalid' end,
               case when i.indisclustered then 'clustered' end,
               (select 'partition of ' || h.inhparent::regclass from pg_inherits h where h.inhrelid = i.indexrelid)),
           'pg_class'::regclass, i.indexrelid, 0, null, null, null
      from pg_index i
      join relations c on c.oid = i.indrelid

    union all
    select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
           p.oid::regprocedure::text,
           case when p.prokind <> 'a' then pg_get_functiondef(p.oid) else
               (select concat_ws(' ', a.aggkind, a.aggtransfn::regproc, a.aggtranstype::regtype, a.aggtransspace,
                           a.agginitval, 'final', a.aggfinalfn::regproc, a.aggfinalextra, a.aggfinalmodify,
                           'combine', a.aggcombinefn::regproc, a.aggserialfn::regproc, a.aggdeserialfn::regproc,
                           'moving', a.aggmtransfn::regproc, a.aggminvtransfn::regproc, a.aggmfinalfn::regproc,
                           a.aggmtranstype::regtype, a.aggmtransspace, a.aggminitval,
                           'sort', a.aggsortop::regoperator, 'parallel', p.proparallel)
                  from pg_aggregate a where a.aggfnoid = p.oid) end,
           'pg_proc'::regclass, p.oid, 0, 'f'::"char", coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner
      from pg_proc p
     where p.pronamespace in (select oid from moved)
       -- a range type makes its constructors, and their languages are internal
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')

    union all
    select 'type', t.oid::regtype::text,
           case t.typtype
               when 'e' then 'enum ' || (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
                                           from pg_enum e where e.enumtypid = t.oid)
               when 'd' then concat_ws(' ', 'domain', format_type(t.typbasetype, t.typtypmod),
                   'collate ' || nullif(t.typcollation, b.typcollation)::regcollation,
                   case when t.typnotnull then 'not null' end, 'default ' || t.typdefault)
               when 'r' then (select concat_ws(' ', 'range of', format_type(r.rngsubtype, null),
                                         r.rngmultitypid::regtype, r.rngcollation::regcollation,
                                         r.rngcanonical::regproc, r.rngsubdiff::regproc,
                                         (select o.opcname from pg_opclass o where o.oid = r.rngsubopc))
                                from pg_range r where r.rngtypid = t.oid)
               else concat_ws(' ', 'base', t.typlen, t.typalign, t.typstorage, t.typinput::regproc, t.typoutput::regproc)
           end,
           'pg_type'::regclass, t.oid, 0, 'T'::"char", coalesce(t.typacl, acldefault('T', t.typowner)), t.typowner
      from pg_type t
      left join pg_type b on b.oid = t.typbasetype
     where t.typnamespace in (select oid from moved)
       and t.typtype in ('e', 'd', 'r', 'b')
       and not exists (select from pg_type e where e.typarray = t.oid)

    union all
    select 'operator', o.oid::regoperator::text,
           concat_ws(' ', o.oprcode::regproc, o.oprresult::regtype, o.oprcom::regoperator, o.oprnegate::regoperator,
               o.oprrest::regproc, o.oprjoin::regproc, case when o.oprcanhash then 'hashes' end,
               case when o.oprcanmerge then 'merges' end),
           'pg_operator'::regclass, o.oid, 0, null, null, null
      from pg_operator o
     where o.oprnamespace in (select oid from moved)

    union all
    select 'operator class', pg_describe_object('pg_opclass'::regclass, o.oid, 0),
           concat_ws(' ', o.opcintype::regtype, case when o.opcdefault then 'default' end, nullif(o.opckeytype, 0)::regtype,
               pg_describe_object('pg_opfamily'::regclass, o.opcfamily, 0)),
           'pg_opclass'::regclass, o.oid, 0, null, null, null
      from pg_opclass o
     where o.opcnamespace in (select oid from moved)

    union all
    select 'operator family', pg_describe_object('pg_opfamily'::regclass, f.oid, 0),
           concat_ws(' ',
               (select string_agg(concat_ws(' ', a.amopstrategy, a.amopopr::regoperator), ', '
                                  order by a.amopstrategy, a.amopopr::regoperator::text)
                  from pg_amop a where a.amopfamily = f.oid),
               (select string_agg(concat_ws(' ', a.amprocnum, a.amproc::regprocedure), ', '
                                  order by a.amprocnum, a.amproc::regprocedure::text)
                  from pg_amproc a where a.amprocfamily = f.oid)),
           'pg_opfamily'::regclass, f.oid, 0, null, null, null
      from pg_opfamily f
     where f.opfnamespace in (select oid from moved)

    union all
    select 'cast', format_type(k.castsource, null) || ' as ' || format_type(k.casttarget, null),
           concat_ws(' ', k.castcontext, k.castmethod, nullif(k.castfunc, 0)::regprocedure),
           'pg_cast'::regclass, k.oid, 0, null, null, null
      from pg_cast k
      join pg_type s on s.oid = k.castsource
      join pg_type t on t.oid = k.casttarget
     where k.oid >= 16384
       and (s.typnamespace in (select oid from moved) or t.typnamespace in (select oid from moved)
            or k.castfunc in (select p.oid from pg_proc p where p.pronamespace in (select oid from moved)))

    union all
    select 'trigger', t.tgrelid::regclass || '.' || quote_ident(t.tgname),
           -- whether it also fires for a replica is switched by the migration, on whichever side receives
           concat_ws(' ', case when t.tgenabled = 'D' then 'disabled' end, pg_get_triggerdef(t.oid)),
           'pg_trigger'::regclass, t.oid, 0, null, null, null
      from pg_trigger t
      join relations c on c.oid = t.tgrelid
     where not t.tgisinternal
       and t.tgname not like 'cyphr\_%%'

    union all
    select 'rule', r.ev_class::regclass || '.' || quote_ident(r.rulename),
           concat_ws(' ', nullif(r.ev_enabled, 'O'), pg_get_ruledef(r.oid)),
           'pg_rewrite'::regclass, r.oid, 0, null, null, null
      from pg_rewrite r
      join relations c on c.oid = r.ev_class
     where r.rulename <> '_RETURN'

    union all
    select 'policy', p.polrelid::regclass || '.' || quote_ident(p.polname),
           concat_ws(' ', case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
               'to ' || (select string_agg(case role when 0 then 'public' else role::regrole::text end, ', '
                                           order by case role when 0 then 'public' else role::regrole::text end)
                           from unnest(p.polroles) as role),
               'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid)),
           'pg_policy'::regclass, p.oid, 0, null, null, null
      from pg_policy p
      join relations c on c.oid = p.polrelid

    union all
    select 'statistics', quote_ident(n.nspname) || '.' || quote_ident(s.stxname),
           concat_ws(' ', pg_get_statisticsobjdef(s.oid), nullif(s.stxstattarget, -1)),
           'pg_statistic_ext'::regclass, s.oid, 0, null, null, null
      from pg_statistic_ext s
      join moved n on n.oid = s.stxnamespace

    union all
    select 'collation', o.oid::regcollation::text,
           -- the locale's column has had three names; the row as JSON has whichever it is
           concat_ws(' ', o.collprovider, o.collisdeterministic, o.collencoding, o.collcollate, o.collctype,
               coalesce(to_jsonb(o) ->> 'colllocale', to_jsonb(o) ->> 'colliculocale'), to_jsonb(o) ->> 'collicurules'),
           'pg_collation'::regclass, o.oid, 0, null, null, null
      from pg_collation o
     where o.collnamespace in (select oid from moved)

    union all
    select 'text search configuration', g.oid::regconfig::text,
           concat_ws(' ', (select s.prsname from pg_ts_parser s where s.oid = g.cfgparser),
               (select string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ', '
                                  order by m.maptokentype, m.mapseqno)
                  from pg_ts_config_map m where m.mapcfg = g.oid)),
           'pg_ts_config'::regclass, g.oid, 0, null, null, null
      from pg_ts_config g
     where g.cfgnamespace in (select oid from moved)

    union all
    select 'text search dictionary', y.oid::regdictionary::text,
           concat_ws(' ', (select m.tmplname from pg_ts_template m where m.oid = y.dicttemplate), y.dictinitoption),
           'pg_ts_dict'::regclass, y.oid, 0, null, null, null
      from pg_ts_dict y
     where y.dictnamespace in (select oid from moved)

    union all
    select 'publication', quote_ident(b.pubname),
           concat_ws(' ', case when b.pubinsert then 'insert' end,
               case when b.pubupdate then 'update' end, case when b.pubdelete then 'delete' end,
               case when b.pubtruncate then 'truncate' end, case when b.pubviaroot then 'via root' end,
               (select string_agg(concat_ws(' ', r.prrelid::regclass, pg_get_expr(r.prqual, r.prrelid),
                                            (select array_agg(a.attname order by a.attname) from pg_attribute a
                                              where a.attrelid = r.prrelid and a.attnum = any (r.prattrs))), ', '
                                  order by r.prrelid::regclass::text)
                  from pg_publication_rel r where r.prpubid = b.oid),
               (select string_agg(s.pnnspid::regnamespace::text, ', ' order by s.pnnspid::regnamespace::text)
                  from pg_publication_namespace s where s.pnpubid = b.oid)),
           'pg_publication'::regclass, b.oid, 0, null, null, null
      from pg_publication b
     where b.pubowner = current_user::regrole
       and not b.puballtables
       and b.pubname !~ '^(supabase|cyphr)_'

    union all
    select 'default privileges',
           concat_ws(' ', d.defaclobjtype, 'in ' || nullif(d.defaclnamespace, 0)::regnamespace, 'to',
                     case a.grantee when 0 then 'public' else a.grantee::regrole::text end),
           string_agg(a.privilege_type || case when a.is_grantable then '*' else '' end, ', ' order by a.privilege_type),
           'pg_default_acl'::regclass, d.oid, 0, null, null, null
      from pg_default_acl d
     cross join lateral aclexplode(d.defaclacl) a
     where d.defaclrole = current_user::regrole
       and (d.defaclnamespace = 0 or d.defaclnamespace in (select oid from moved))
       and a.grantee <> d.defaclrole
       and a.privilege_type <> 'MAINTAIN'
     group by d.oid, d.defaclobjtype, d.defaclnamespace, a.grantee
), listed as (
    select o.*
      from objects o
     where not exists (select from members m where m.classid = o.classid and m.objid = o.objid)
)
select kind, identity, definition from listed
union all
select 'comment', kind || ' ' || identity, d.description
  from listed
  join pg_description d on d.classoid = listed.classid and d.objoid = listed.objid and d.objsubid = listed.subid
 where kind not in ('extension', 'default privileges')
   and not (kind = 'schema' and identity = 'public')
union all
select 'grant', kind || ' ' || identity || ' to ' || case a.grantee when 0 then 'public' else a.grantee::regrole::text end,
       string_agg(a.privilege_type || case when a.is_grantable then '*' else '' end, ', ' order by a.privilege_type)
  from listed
 cross join lateral aclexplode(listed.acl) a
 where a.grantee not in (owner, current_user::regrole)
   and a.privilege_type <> 'MAINTAIN'
   and not (kind = 'schema' and identity = 'public' and a.privilege_type = 'CREATE' and a.grantee = 0)
 group by kind, identity, a.grantee
 order by 1, 2, 3
