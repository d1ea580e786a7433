-- What a database holds, as pairs of a name and a value that are the same after a restore. Run with an empty search_path.
-- Not of the system, nor what an extension made.

-- lockable
-- Every table that a dump reads, partitions and chunks too.
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and n.nspname not in ('_timescaledb_catalog', '_timescaledb_config', '_timescaledb_cache', '_timescaledb_functions')
   and has_table_privilege(c.oid, 'SELECT')
 order by 1, 2

-- tables
-- Tables with their size on disk [bytes], the columns of their keys, and whether they have a time of measurement.
with recursive ours as (
    select c.oid, n.nspname as schema, c.relname as name, c.relkind
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
       and n.nspname !~ '^(pg_|_timescaledb|timescaledb_)' and n.nspname <> 'information_schema'
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), member as (
    select o.oid as root, o.oid from ours o
    union all select m.root, i.inhrelid from member m join pg_inherits i on i.inhparent = m.oid
)
select o.schema, o.name,
       (select sum(pg_total_relation_size(m.oid))::bigint from member m where m.root = o.oid) as bytes,
       coalesce((select array_agg(a.attname::text order by k.place)
                   from pg_index x cross join lateral unnest(x.indkey) with ordinality k(attnum, place)
                   join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
                  where x.indrelid = o.oid and x.indisprimary), '{}') as key,
       exists (select from pg_attribute a where a.attrelid = o.oid and a.attname = 'ts' and not a.attisdropped
                  and a.atttypid = 'timestamptz'::regtype) as is_measured
  from ours o order by 1, 2

-- definitions
with ours as (
    select c.oid, n.nspname || '.' || c.relname as name, c.relkind, c.relowner, c.relacl, c.relrowsecurity
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'S') and not c.relispartition and c.relpersistence = 'p'
       and n.nspname !~ '^(pg_|_timescaledb|timescaledb_)' and n.nspname <> 'information_schema'
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
), routine as (
    select p.oid, p.oid::regprocedure::text as name, p.proowner, p.proacl
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.prokind in ('f', 'p') and n.nspname !~ '^(pg_|_timescaledb|timescaledb_)' and n.nspname <> 'information_schema'
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
)
select 'columns ' || o.name, md5(string_agg(format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod),
                                            a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ',' order by a.attnum))
  from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where o.relkind in ('r', 'p') group by o.name
union all
select 'constraints ' || o.name, count(*) || ' ' || md5(string_agg(k.conname || pg_get_constraintdef(k.oid), ',' order by k.conname))
  from ours o join pg_constraint k on k.conrelid = o.oid and k.contype <> 'n' group by o.name
union all
select 'indexes ' || o.name, count(*) || ' ' || md5(string_agg(pg_get_indexdef(x.indexrelid), ',' order by pg_get_indexdef(x.indexrelid)))
  from ours o join pg_index x on x.indrelid = o.oid where o.relkind <> 'S' group by o.name
union all
select 'triggers ' || o.name, count(*) || ' ' || md5(string_agg(pg_get_triggerdef(t.oid) || t.tgenabled::text, ',' order by t.tgname))
  from ours o join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal group by o.name
union all
select 'view ' || o.name, md5(pg_get_viewdef(o.oid)) from ours o where o.relkind in ('v', 'm')
union all
select 'function ' || r.name, md5(pg_get_functiondef(r.oid)) from routine r

-- rights
with ours as (
    select n.nspname || '.' || c.relname as name, c.relowner as owner, c.relacl as acl, c.relrowsecurity as guarded,
           case when c.relkind = 'S' then 's'::"char" else 'r'::"char" end as kind
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'S') and not c.relispartition and c.relpersistence = 'p'
       and n.nspname !~ '^(pg_|_timescaledb|timescaledb_)' and n.nspname <> 'information_schema'
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    union all
    select p.oid::regprocedure::text, p.proowner, p.proacl, null, 'f'
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname !~ '^(pg_|_timescaledb|timescaledb_)' and n.nspname <> 'information_schema'
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    union all
    select n.nspname, n.nspowner, n.nspacl, null, 'n' from pg_namespace n
     where n.nspname !~ '^(pg_|_timescaledb|timescaledb_)' and n.nspname <> 'information_schema'
)
select 'rights ' || case kind when 'f' then 'function ' when 'n' then 'schema ' else '' end || name,
       pg_get_userbyid(owner) || case when guarded then ' row security' else '' end || ': '
       || coalesce((select string_agg(distinct case e.grantee when 0 then 'public' else pg_get_userbyid(e.grantee) end
                                      || ' ' || e.privilege_type, ', ')
                      from aclexplode(coalesce(acl, acldefault(kind, owner))) e where e.grantee <> owner), '')
  from ours
union all
select 'row security ' || schemaname || '.' || tablename || ' ' || policyname,
       md5(format('%s %s %s %s %s', permissive, roles, cmd, qual, with_check))
  from pg_policies where schemaname !~ '^(pg_|_timescaledb)'

-- counters
select 'sequence ' || schemaname || '.' || sequencename, coalesce(last_value::text, 'none')
  from pg_sequences where schemaname !~ '^(pg_|_timescaledb)'

-- partitions
select 'partitions ' || n.nspname || '.' || c.relname, (select count(*) from pg_inherits i where i.inhparent = c.oid)::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'p' and not c.relispartition and n.nspname !~ '^(pg_|_timescaledb)'

-- extensions
select 'extension ' || extname, extversion from pg_extension where extname <> 'plpgsql'

-- history
select kind || ' ' || name, checksum from public.schema_history

-- ledger
-- How many numbers of devices are held, and by how many starts.
select 'ledger', count(distinct (s.device_id, s.boot)) || ' starts hold ' || coalesce(sum(upper(r) - lower(r)), 0)
  from public.device_sequence s left join lateral unnest(s.received) r on true

-- hypertables
select 'hypertable ' || h.hypertable_schema || '.' || h.hypertable_name,
       format('%s chunks, %s columnar, columnstore %s, each %s', h.num_chunks,
              (select count(*) from timescaledb_information.chunks c
                where c.hypertable_schema = h.hypertable_schema and c.hypertable_name = h.hypertable_name and c.is_compressed),
              h.compression_enabled,
              (select d.time_interval from timescaledb_information.dimensions d
                where d.hypertable_schema = h.hypertable_schema and d.hypertable_name = h.hypertable_name
                  and d.dimension_number = 1))
  from timescaledb_information.hypertables h
union all
select 'aggregate ' || view_schema || '.' || view_name,
       format('%s of %s, materialized only %s, %s', materialization_hypertable_name, hypertable_name, materialized_only,
              md5(view_definition))
  from timescaledb_information.continuous_aggregates
union all
select 'job ' || job_id, format('%s on %s every %s of %s: %s', proc_name, coalesce(hypertable_name, 'nothing'), schedule_interval,
                                owner, config)
  from timescaledb_information.jobs where job_id >= 1000

-- aggregates
select view_schema || '.' || view_name as view, materialization_hypertable_schema as schema, materialization_hypertable_name as name
  from timescaledb_information.continuous_aggregates order by 1

-- entry
-- Who may connect to this database, and do what: the owner is not named.
select distinct case e.grantee when 0 then 'public' else pg_get_userbyid(e.grantee)::text end, e.privilege_type
  from pg_database d cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) e
 where d.datname = current_database() and e.grantee <> d.datdba order by 1, 2

-- roles
-- Roles that own something here, have a right on it, or are members of one that has (logins), with the others of
-- these that they are members of.
with recursive used as (
    select distinct r.oid, r.rolname, r.rolcanlogin
      from pg_shdepend s join pg_roles r on r.oid = s.refobjid
     where s.dbid = (select oid from pg_database where datname = current_database()) and s.refclassid = 'pg_authid'::regclass
    union
    select oid, rolname, rolcanlogin from pg_roles
     where oid = (select datdba from pg_database where datname = current_database()) or rolname = current_user
    union
    select r.oid, r.rolname, r.rolcanlogin
      from pg_database d cross join lateral aclexplode(d.datacl) e join pg_roles r on r.oid = e.grantee
     where d.datname = current_database()
), named as (
    select oid, rolname, rolcanlogin from used
    union
    select r.oid, r.rolname, r.rolcanlogin
      from named n join pg_auth_members m on m.roleid = n.oid join pg_roles r on r.oid = m.member
     where not r.rolsuper and has_database_privilege(r.oid, current_database(), 'connect')
)
select n.rolname, n.rolcanlogin,
       coalesce((select array_agg(distinct g.rolname::text) from pg_auth_members m join named g on g.oid = m.roleid
                  where m.member = n.oid), '{}') as member_of,
       (select r.rolinherit from pg_roles r where r.oid = n.oid) as inherits
  from named n where n.rolname !~ '^pg_' order by 1
