-- chosen
select l.log_id, v.catalogue_id, v.label, extract(epoch from l.at)::float8, l.by, l.reason
from public.catalogue_version v
cross join lateral (
    select * from public.catalogue_log where catalogue_id = v.catalogue_id and what = 'shadow'
    order by log_id desc limit 1) l
where v.state = 'shadow'

-- states
select catalogue_id, state from public.catalogue_version
where state = 'shadow' or catalogue_id = %(catalogue_id)s

-- take_in
update public.catalogue_version set state = 'shadow' where catalogue_id = %(catalogue_id)s

-- let_go
update public.catalogue_version v
set state = case when exists (
        select from public.catalogue_log l where l.catalogue_id = v.catalogue_id
           and l.what in ('shipped', 'promoted', 'back', 'completed')) then 'retired' else 'stored' end
where v.state = 'shadow'

-- one_at_a_time
-- Who reads the tables is not waited for long: a transaction that has changed anything holds back the live cursor.
select set_config('lock_timeout', '300ms', true), pg_advisory_xact_lock(hashtext('cityops.shadow'))

-- whose
-- A schema of that name that is not ours is left alone.
select n.oid is not null and obj_description(n.oid, 'pg_namespace') is distinct from 'cityops shadow',
       to_regclass('shadow.run') is not null
from (select to_regnamespace('shadow') as oid) n

-- still_chosen
select exists (select from public.catalogue_version where state = 'shadow')

-- made_of
-- What the live tables look like: where that has changed, copies no longer fit.
select md5(string_agg(x, ',' order by x)) from (
    select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || a.attnotnull
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relname = any (%(tables)s)
      and a.attnum > 0 and not a.attisdropped
    union all
    select c.relname || ' ' || pg_get_constraintdef(k.oid)
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = 'public'::regnamespace and c.relname = any (%(tables)s) and k.contype in ('c', 'p', 'u')
    union all
    select c.relname || ' ' || pg_get_indexdef(i.indexrelid)
    from pg_index i join pg_class c on c.oid = i.indrelid
    -- Others only make reading faster: a shadow need not begin anew for one.
    where c.relnamespace = 'public'::regnamespace and c.relname = any (%(tables)s) and i.indisunique
) live(x)

-- standing
select start_id, extract(epoch from from_at)::float8, error, made_of from shadow.run

-- hold_off
-- Whoever works on the tables has locked this one first.
lock table shadow.run in access exclusive mode

-- drop
drop schema if exists shadow cascade

-- make_schema
create schema shadow

-- mark_schema
comment on schema shadow is 'cityops shadow'

-- make_run
create table shadow.run (
    start_id  bigint primary key,      -- the line of catalogue_log that asked for it
    made_of   text not null,
    began_at  timestamptz not null default now(),
    from_at   timestamptz,             -- event time: the latest reading that counted
    paused_at timestamptz,
    error     text
)

-- show
-- The website shows both sides, and nothing that is decided of homes (routines/shown.sql).
select make_shadow_shown()

-- copy
-- One statement, so that memory, cursor and alarms are of one moment.
with stands as (
    insert into shadow.rule_cursor (service, xid, event_time, settled_at, waiting_from)
    select %(service)s, xid, event_time, settled_at, waiting_from
    from public.rule_cursor where service = 'rules'
    returning settled_at
), remembers as (
    insert into shadow.rule_state select * from public.rule_state
), up as (
    insert into shadow.alarm overriding system value
    select * from public.alarm where cleared_at is null and not starts_with(rule_id, 'platform.') and rule_id not in ('winter.order_unanswered', 'device.quarantined')
), members as (
    insert into shadow.alarm_member
    select m.* from public.alarm_member m join public.alarm a using (alarm_id)
    where a.cleared_at is null and not starts_with(a.rule_id, 'platform.') and a.rule_id not in ('winter.order_unanswered', 'device.quarantined')
)
insert into shadow.run (start_id, made_of, from_at)
values (%(start_id)s, %(made_of)s, (select settled_at from stands))

-- number_on
select setval(pg_get_serial_sequence('shadow.alarm', 'alarm_id'),
              coalesce((select max(alarm_id) from shadow.alarm), 0) + 1, false)

-- pause
update shadow.run set paused_at = now(), error = %(error)s where start_id = %(start_id)s

-- enter
-- Until the transaction ends, names without a schema mean the shadow's tables first.
select set_config('search_path', 'shadow, public', true), set_config('lock_timeout', '5s', true)

-- stay
-- The tables can't be dropped before the transaction ends: without them the names would mean the live ones.
lock table shadow.run in access share mode

-- is_ours
select exists (select from shadow.run where start_id = %(start_id)s)

-- written_elsewhere
-- Rows that this session has written into live tables, their partitions and chunks, as far as they are not yet
-- counted for everybody.
select coalesce(sum(pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
                    + pg_stat_get_xact_tuples_deleted(c.oid)), 0)::bigint
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', '_timescaledb_internal') and c.relkind = 'r'
