-- What a dashboard may read: the role cityops_reader and the schema board.
--
-- The role has no login of its own; an installation makes a login and grants it the
-- role (docs/deploy.md). It sees no household: no right on home, home_device,
-- diary_entry, the readings of homes or the bodies of dead letters. Homes come through
-- the functions below as counts of at least five and percentiles over as many. A new kind of
-- device is not readable until it is named at the end of this file: whether it tells of
-- a home is a decision, not a default.

do $$
begin
    if not exists (select from pg_roles where rolname = 'cityops_reader') then
        create role cityops_reader nologin;
    end if;
exception
    -- Roles belong to the cluster: another database's upgrade may be making it now.
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise exception 'role cityops_reader is missing and % may not create it', current_user
            using hint = 'As a superuser run: create role cityops_reader nologin; then upgrade again.';
end $$;

drop schema if exists board cascade;
create schema board;

-- Devices without where and whose: one that is or was in a home has neither place nor label.
create view board.device with (security_barrier) as
select d.device_id, d.name, d.kind, d.shard, d.cadence_s, d.installed_at, d.retired_at,
       case when p.device_id is null then d.label else '' end as label,
       case when p.device_id is null then d.latitude_deg end as latitude_deg,
       case when p.device_id is null then d.longitude_deg end as longitude_deg
  from public.device d
  left join public.private_device p on p.device_id = d.device_id;

create view board.subject_state with (security_barrier) as
select subject_kind, subject, at, state from public.subject_state where subject_kind <> 'home';

-- A home's alarm counts, but neither its code (the resident's key) nor its reason shows.
create view board.alarm with (security_barrier) as
select alarm_id, rule_id, rule_version, subject_kind, severity, raised_at, cleared_at, acknowledged_at,
       case when subject_kind = 'home' then 'a home' else subject end as subject,
       case when subject_kind <> 'home' then title
            when rule_id = 'device.silent' then 'Silent devices in a home'
            else 'Damp risk in a home' end as title,
       case when subject_kind = 'home' then '' else reason end as reason
  from public.alarm;

-- Who is in a group alarm. Without the alarm of a home's devices: it would say which belong together.
create view board.alarm_member with (security_barrier) as
select case when a.subject_kind <> 'home' then a.alarm_id end as alarm_id, a.rule_id, m.kind, m.subject, m.severity,
       m.joined_at, m.left_at, case when a.subject_kind <> 'home' then m.reason else '' end as reason
  from public.alarm_member m
  join public.alarm a using (alarm_id);

create view board.decision with (security_barrier) as
select decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result
  from public.decision where subject_kind <> 'home';

create view board.event with (security_barrier) as
select event_id, kind, subject_kind, subject, at, detail
  from public.event where subject_kind <> 'home';

-- Incidents without who has them and without what people wrote: a name that a person gave one is not told.
create view board.incident with (security_barrier) as
select incident_id, state, severity, services, signals, up, latitude_deg, longitude_deg, reach_m, has_owner, made_at, opened_at,
       contained_at, closed_at, changed_at, open_tasks,
       case when (document ->> 'named')::boolean then 'Opened by hand' else title end as title,
       case when (document ->> 'named')::boolean or document ->> 'pin' is not null then '' else place end as place
  from public.incident;

create view board.dead_letter with (security_barrier) as
select dead_letter_id, received_at, device, kind, reason_code, field, payload_bytes, replayed_at
  from public.dead_letter;

-- All that was set aside, also what was counted and not kept: of that one row per hour, device and reason.
create view board.set_aside with (security_barrier) as
select received_at, device, reason_code, field, 1::bigint as messages from public.dead_letter
union all
select last_at, device, reason_code, null, letters from public.dead_letter_overflow;

-- Homes by risk now: each class with its number, or the words why not. A class of one to four is not told, nor are as
-- many others, the smallest first, as it takes for none to be found by subtracting from the number of all homes: what
-- they add up to leaves each small one anything from one to four. None is told: it tells of nobody that he is at risk.
create view board.home_risk with (security_barrier) as
with class as (
    select c.risk, count(s.subject) as n
      from unnest(array['high', 'raised', 'low', 'unknown']) c(risk)
      left join public.subject_state s
        on s.subject_kind = 'home' and c.risk = case when s.state ->> 'risk' in ('high', 'raised', 'low')
                                                     then s.state ->> 'risk' else 'unknown' end
     group by c.risk
), ranked as (
    select risk, n, row_number() over w as place, sum(n) over w as added, count(*) filter (where n < 5) over () as small
      from class where n > 0 window w as (order by n, risk rows between unbounded preceding and current row)
), held as (
    select case when max(small) > 0
                then coalesce(min(place) filter (where place > small and added >= 5 * (place - small) + 4 * small), 4)
                else 0 end as places
      from ranked
)
select c.risk, case when r.place is null or r.place > h.places then c.n end as homes,
       case when r.place is null or r.place > h.places then c.n::text when r.place <= r.small then 'fewer than 5'
            else 'not told' end as said
  from class c left join ranked r using (risk) cross join held h;

-- How many homes report; null below five.
create view board.homes_reporting with (security_barrier) as
select case when count(*) = 0 or count(*) >= 5 then count(*) end as homes from public.subject_state where subject_kind = 'home';

-- How many homes are in each band of a quantity now, lowest first; neighbouring bands are put together until each has at
-- least five. A band goes from p_from to below p_to; null where it is the first or the last one: it has no end. Empty below five homes.
-- p_field and p_step, the width of a band: one width for each field, since whoever may choose widths could subtract bands of
-- two until one home is left. Anything else is empty.
create function board.home_histogram(p_field text, p_step double precision)
returns table (band_from double precision, band_to double precision, homes bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    one record;
    held bigint := 0; -- in the band that grows
    begun double precision; -- where it begins
    waits boolean := false; -- whether there is one before it that is not told yet: the last takes what is left over
begin
    for one in
        select floor((state ->> p_field)::double precision / p_step) * p_step as band, count(*) as n
          from subject_state
         where subject_kind = 'home'
           and (p_field, p_step) in (('temperature_c', 1), ('dew_point_c', 1), ('humidity_pct', 5), ('surface_humidity_pct', 5))
           and state ->> p_field is not null
         group by 1 order by 1
    loop
        if held >= 5 then
            if waits then
                return next;
            end if;
            band_from := begun; homes := held; band_to := one.band;
            begun := one.band; held := 0; waits := true;
        end if;
        held := held + one.n;
    end loop;
    if held >= 5 and waits then
        return next;
        band_from := begun; homes := held;
    elsif held >= 5 then
        homes := held;
    elsif waits then
        homes := homes + held;
    else
        return;
    end if;
    band_to := null;
    return next;
end $$;

-- Climate of all homes per hour: tenth, middle and ninetieth percentile of the homes'
-- hourly means; hours in which fewer than five homes reported are left out. Humid ones are told where they and the others
-- are at least five. Hours that are over are kept (kept_summaries.sql): a quarter of 7,000 boxes can't be sorted while one waits.
-- Volatile, as health.stored is: the plan and the rows of the aggregate are of one moment.
create function board.home_climate(p_from timestamptz, p_to timestamptz)
returns table (bucket timestamptz, homes bigint, humid_homes bigint,
               temperature_p10 double precision, temperature_p50 double precision,
               temperature_p90 double precision, humidity_p10 double precision,
               humidity_p50 double precision, humidity_p90 double precision)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    first timestamptz := date_trunc('hour', p_from);
    kept timestamptz := coalesce(summary.until('home_climate'), '-infinity');
begin
    return query
    select c.* from summary.home_climate c where c.bucket >= first and c.bucket <= p_to and c.bucket < kept
    union all
    select c.* from summary.climate_of(greatest(first, kept), p_to + interval '1 microsecond') c where p_to >= kept
     order by 1;
end $$;

-- The newest reading of each device of a kind that is not retired. Who was heard in the last hour is found by when it arrived (the
-- BRIN index on received_at), all at once; only the others are looked up one by one.
create function board.last_heard(p_kind text)
returns table (device_id integer, ts timestamptz)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    if to_regclass(format('public.%I', p_kind || '_reading')) is null then
        return query select d.device_id, null::timestamptz from device d where d.kind = p_kind and d.retired_at is null;
        return;
    end if;
    return query execute format(
        'with recent as materialized (select r.device_id, max(r.ts) as ts from public.%1$I r'
        ' where r.received_at > now() - interval ''65 minutes'' and r.ts > now() - interval ''65 minutes'' group by r.device_id)'
        ' select d.device_id, case when n.ts is not null then n.ts else'
        '        (select x.ts from public.%1$I x where x.device_id = d.device_id order by x.ts desc limit 1) end'
        '   from device d left join recent n on n.device_id = d.device_id where d.kind = $1 and d.retired_at is null',
        p_kind || '_reading') using p_kind;
end $$;

-- Per kind: devices installed and not retired, and how many of them reported in the period.
create function board.devices_seen(p_from timestamptz, p_to timestamptz)
returns table (kind text, devices bigint, seen bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    later integer[]; -- heard after the period: only these have to be looked up in it
begin
    for kind in select distinct d.kind from device d where d.retired_at is null order by 1 loop
        select count(*), count(*) filter (where h.ts between p_from and p_to), array_agg(h.device_id) filter (where h.ts > p_to)
          into devices, seen, later from board.last_heard(kind) h;
        if cardinality(later) > 0 then
            execute format('select $1 + count(*) from unnest($2) d where exists'
                           ' (select from public.%I r where r.device_id = d and r.ts between $3 and $4)', kind || '_reading')
               into seen using seen, later, p_from, p_to;
        end if;
        return next;
    end loop;
end $$;

-- The largest tables with everything that belongs to them (chunks, partitions, indexes).
create function board.table_sizes()
returns table (name text, bytes bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    hypertables text[] := '{}';
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        for name, bytes in
            select t.hypertable_name::text,
                   hypertable_size(format('%I.%I', t.hypertable_schema, t.hypertable_name)::regclass)
              from timescaledb_information.hypertables t where t.hypertable_schema = 'public'
        loop
            hypertables := hypertables || name;
            return next;
        end loop;
    end if;
    return query
    with recursive member as (
        select c.relname::text as root, c.oid
          from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm')
           and not c.relispartition and c.relname <> all (hypertables)
        union all
        select m.root, i.inhrelid from member m join pg_inherits i on i.inhparent = m.oid
    )
    select m.root, sum(pg_total_relation_size(m.oid))::bigint from member m group by m.root;
end $$;

-- Per kind: readings expected and stored in the whole hours of a period of up to twelve hours or of today (UTC), not in the newest
-- one, which no aggregate has yet; of a longer period in the days of UTC that it touches and that are over. Hours are counted
-- device by device, days by kind: a day's hours of 10,000 devices take too long to wait for. Numbers missing, and what waits on
-- devices, are as of now. p_counted: kinds that measure all the time.
create function board.completeness(p_counted text[], p_from timestamptz, p_to timestamptz)
returns table (kind text, devices bigint, expected bigint, stored bigint, missing bigint, gap_devices bigint,
               outstanding bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    by_day boolean := p_to - p_from > interval '12 hours' and date_bin('1 day', p_from, 'epoch') < date_bin('1 day', now(), 'epoch');
    first timestamptz := greatest(date_trunc('hour', p_from), date_trunc('hour', health.began() + interval '1 hour' - interval '1 microsecond'));
    last timestamptz := case when by_day or health.began() is null then '-infinity'
                             else date_trunc('hour', least(p_to, now() - interval '1 hour')) end;
begin
    return query
    with counted as materialized (
        select c.device_id, c.n from unnest(p_counted) k cross join lateral health.stored(k, first, last) c where first < last
    ), days as materialized (
        select r.kind, sum(r.expected)::bigint as expected, sum(least(r.stored, r.expected))::bigint as stored
          from board.readings_by_day(p_counted, p_from, case when by_day then p_to else '-infinity' end) r
         where r.expected > 0 group by r.kind
    ), device_now as (
        select d.kind, l.missing, o.waiting, case when d.kind = any (p_counted) and first < last
               then health.expected(first, last, d.cadence_s, d.installed_at, d.retired_at) end as expected, coalesce(c.n, 0) as n
          from device d
          left join counted c on c.device_id = d.device_id
          left join health.ledger l on l.device_id = d.device_id
          left join health.outbox o on o.device_id = d.device_id
         where d.retired_at is null or d.retired_at > p_from
    ), now_by_kind as (
        select d.kind, count(*) as devices, sum(d.expected)::bigint as expected,
               sum(least(d.n, d.expected)) filter (where d.expected is not null)::bigint as stored,
               least(coalesce(sum(d.missing), 0), 9e18)::bigint as missing, count(*) filter (where d.missing > 0) as gap_devices,
               coalesce(sum(d.waiting), 0)::bigint as outstanding
          from device_now d group by d.kind
    )
    select n.kind, n.devices, case when by_day then y.expected else n.expected end,
           case when by_day then y.stored else n.stored end, n.missing, n.gap_devices, n.outstanding
      from now_by_kind n left join days y on y.kind = n.kind order by n.kind;
end $$;

-- Devices with missing numbers, the worst first.
create function board.gaps(p_limit integer)
returns table (device text, kind text, missing bigint, gaps bigint, held bigint, outstanding bigint, told_at timestamptz, lost bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select d.name, d.kind, l.missing, l.gaps, l.received, o.waiting, o.status_at, l.lost
      from health.ledger l join device d using (device_id) left join health.outbox o using (device_id)
     where l.missing > 0 and d.retired_at is null order by l.missing desc, d.name limit p_limit
$$;

-- The reading tables; see health.reading_tables.
create function board.reading_tables(p_kinds text[])
returns table (kind text, rows_estimate bigint, bytes bigint, parts bigint, columnar bigint, before_bytes bigint,
               after_bytes bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select * from health.reading_tables(p_kinds)
$$;

-- How many of TimescaleDB's policies failed when they last ran; 0 on plain PostgreSQL.
create function board.failing_policies() returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select count(*) from health.policies() where last_status <> 'Success'
$$;

-- Reading tables of kinds that tell nothing of a home.
do $$
declare
    kind text;
    suffix text;
begin
    foreach kind in array array['road', 'road_surface', 'weather', 'gritter', 'lorry', 'bin'] loop
        foreach suffix in array array['reading', 'hourly', 'daily', 'latest'] loop
            if to_regclass(format('public.%I', kind || '_' || suffix)) is not null then
                execute format('grant select on public.%I to cityops_reader', kind || '_' || suffix);
            end if;
        end loop;
    end loop;
end $$;

revoke all on all functions in schema board from public;
grant execute on function public.is_private(integer) to cityops_reader;
grant usage on schema public, board to cityops_reader;
grant select on all tables in schema board to cityops_reader;
grant execute on all functions in schema board to cityops_reader;
grant select on public.road_node, public.depot, public.gritting_route, public.road_segment,
                public.bin_site, public.ingest_batch, public.rule_cursor to cityops_reader;
