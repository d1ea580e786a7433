-- What is missing and how the database does: the schema health, read by `cityops gaps`, by
-- the pages /health and /ops and by REST. Everything is counted when it is asked for:
-- the ledger's rows (one per device and boot), the hourly and daily aggregates on
-- TimescaleDB, and on plain PostgreSQL the readings that arrived since the window began
-- (found by the BRIN index on received_at).

drop schema if exists health cascade;
create schema health;

-- Numbers of LoRaWAN sensors that nobody has and nobody can send again: frames that were lost on the air. A frame's number
-- is its counter (docs/adr/042-lorawan.md). What was set aside, or waits, is here and not lost; nor is what another device
-- has that was the same sensor.
create view health.lost_on_air as
select s.device_id, s.boot, range_agg(l.part) as numbers, sum(upper(l.part) - lower(l.part)) as lost
  from public.device_sequence s
  join (select distinct device_id, dev_eui from public.lorawan_binding) b on b.device_id = s.device_id
  join public.lorawan_session r on r.dev_eui = b.dev_eui and r.boot = s.boot
 cross join lateral (
       select coalesce(range_agg(int8range(i.f_cnt, i.f_cnt, '[]')), '{}') as here
         from public.lorawan_inbox i
        where i.dev_eui = b.dev_eui and i.state <> 'stored' and i.event_kind = 'uplink' and i.f_cnt is not null
          and i.network_at between r.first_at and r.last_at) i
 cross join lateral (
       select coalesce(range_agg(x), '{}') as held
         from public.lorawan_binding ob join public.device_sequence o on o.device_id = ob.device_id and o.boot = s.boot,
              unnest(o.received) x
        where ob.dev_eui = b.dev_eui and o.device_id <> s.device_id) o
 cross join lateral unnest(int8multirange(range_merge(s.received)) - s.received - i.here - o.held) l(part)
 where s.boot >= 0 and s.received <> int8multirange(range_merge(s.received))
 group by s.device_id, s.boot;

-- One row per missing range. Boots below 0 are numbered by the server: they have no gaps.
create view health.gap as
select s.device_id, s.boot, lower(g) as first_seq, upper(g) - 1 as last_seq, upper(g) - lower(g) as missing
  from public.device_sequence s
  left join health.lost_on_air a on a.device_id = s.device_id and a.boot = s.boot
 cross join lateral unnest(int8multirange(range_merge(s.received)) - s.received - coalesce(a.numbers, '{}')) g
 where s.boot >= 0 and s.received <> int8multirange(range_merge(s.received));

-- Per device: what it numbered itself and we hold, what is missing between the lowest and the highest number of each boot,
-- and what of that was lost on the air. A device may claim any number up to 2^62: sums are held to what fits.
create view health.ledger as
select s.device_id, count(*) as boots,
       least(sum(upper(s.received) - lower(s.received)) - coalesce(sum(m.missing), 0) - coalesce(sum(a.lost), 0), 9e18)::bigint as received,
       least(coalesce(sum(m.missing), 0), 9e18)::bigint as missing, coalesce(sum(m.ranges), 0)::bigint as gaps,
       least(coalesce(sum(a.lost), 0), 9e18)::bigint as lost
  from public.device_sequence s
  left join health.lost_on_air a on a.device_id = s.device_id and a.boot = s.boot
  left join lateral (
        select sum(upper(g) - lower(g)) as missing, count(*) as ranges
          from unnest(int8multirange(range_merge(s.received)) - s.received - coalesce(a.numbers, '{}')) g
         where s.received <> int8multirange(range_merge(s.received))
       ) m on true
 where s.boot >= 0 and not isempty(s.received)
 group by s.device_id;

-- Per device: how many numbered messages wait in its outbox, as its last status said. An empty
-- outbox is not named in a status; a last will names none because the broker sends it: not known. Nor is it of a device that is kept out.
create view health.outbox as
select device_id, status_at,
       case when jsonb_typeof(status -> 'outbox') = 'number' then least(greatest((status ->> 'outbox')::numeric, 0), 2147483647)::bigint
            when status -> 'online' = 'true' and coalesce(x.state, 'active') = 'active' then 0 end as waiting
  from public.device_status left join public.device_state x using (device_id) where status is not null;

-- When the platform's first readings were measured; null before there is one. Nothing is
-- expected before: a device may be installed long before its readings come here.
create function health.began() returns timestamptz language sql stable as $$
    select min(least(b.received_at, (k.value ->> 'min_ts')::timestamptz))
      from (select received_at, kinds from public.ingest_batch order by received_at limit 50) b
      left join lateral jsonb_each(b.kinds) k on true
$$;

-- Readings stored per device of a kind, measured at p_from <= ts < p_to, both whole hours.
-- Days that are aggregated for good are taken whole: a week costs a seventh of the hours' rows.
-- Volatile, for a snapshot that begins after the plan is made: the plan holds where an aggregate
-- ends, and a stable function would look for its rows in the caller's older snapshot.
create function health.stored(p_kind text, p_from timestamptz, p_to timestamptz, p_device integer default null)
returns table (device_id integer, n bigint)
language plpgsql as $$
declare
    mine text := case when p_device is null then '' else 'and device_id = $5' end;
    first_day timestamptz := date_bin('1 day', p_from + interval '1 day' - interval '1 microsecond', 'epoch');
    after_days timestamptz := date_bin('1 day', least(p_to, now() - interval '1 day'), 'epoch');
begin
    if to_regclass(format('public.%I', p_kind || '_reading')) is null then
        return;
    end if;
    if not exists (select from pg_extension where extname = 'timescaledb') then
        return query execute format(
            'select device_id, count(*) from public.%I where ts >= $1 and ts < $2'
            ' and received_at >= $1 - interval ''1 hour'' %s group by device_id',
            p_kind || '_reading', mine) using p_from, p_to, p_to, p_to, p_device;
        return;
    end if;
    if after_days <= first_day then  -- no whole day
        first_day := p_to;
        after_days := p_to;
    end if;
    return query execute format(
        'select device_id, sum(n)::bigint from ('
        ' select device_id, n from public.%1$I where bucket >= $1 and bucket < $3 %3$s'
        ' union all select device_id, n from public.%2$I where bucket >= $3 and bucket < $4 %3$s'
        ' union all select device_id, n from public.%1$I where bucket >= $4 and bucket < $2 %3$s) x group by 1',
        p_kind || '_hourly', p_kind || '_daily', mine) using p_from, p_to, first_day, after_days, p_device;
end $$;

-- Readings expected of a device with this cadence in the part of the window that it was installed.
create function health.expected(
    p_from timestamptz, p_to timestamptz, p_cadence_s integer, p_installed timestamptz, p_retired timestamptz)
returns bigint language sql immutable as $$
    select greatest(0, floor(extract(epoch from least(p_to, p_retired) - greatest(p_from, p_installed))
                             / p_cadence_s))::bigint
$$;

-- Every device that is or was installed in the window: expected and stored readings in it
-- (null for kinds that do not measure all the time: not in p_counted), the ledger, the outbox.
create function health.devices(
    p_counted text[], p_from timestamptz, p_to timestamptz, p_kind text default null, p_device integer default null)
returns table (device_id integer, name text, kind text, cadence_s integer, in_home boolean, expected bigint,
               stored bigint, received bigint, missing bigint, gaps bigint, lost bigint, waiting bigint, status_at timestamptz)
language sql stable as $$
    select d.device_id, d.name, d.kind, d.cadence_s,
           p.device_id is not null,
           e.expected, case when e.expected is not null then coalesce(s.n, 0) end,
           coalesce(l.received, 0), coalesce(l.missing, 0), coalesce(l.gaps, 0), coalesce(l.lost, 0), o.waiting, o.status_at
      from public.device d
      left join public.private_device p on p.device_id = d.device_id
     cross join lateral (
            select case when d.kind = any (p_counted) and p_from < p_to
                        then health.expected(p_from, p_to, d.cadence_s, d.installed_at, d.retired_at) end as expected
           ) e
      left join (
            select c.device_id, c.n
              from unnest(p_counted) k cross join lateral health.stored(k, p_from, p_to, p_device) c
             where p_from < p_to and (p_kind is null or k = p_kind)
           ) s on s.device_id = d.device_id
      left join health.ledger l on l.device_id = d.device_id
      left join health.outbox o on o.device_id = d.device_id
     where (p_kind is null or d.kind = p_kind) and (p_device is null or d.device_id = p_device)
       and (d.retired_at is null or d.retired_at > p_from)
$$;

-- The share of a device's frames that the air took, 0 to 1.
create function health.lost_share(p_received bigint, p_lost bigint)
returns double precision language sql immutable as $$
    select coalesce(p_lost / nullif(p_received::double precision + p_lost, 0), 0)
$$;

-- Whether fewer readings came than 99 of 100 expected (and two). Up to a tenth lost on the air is how radio is: more is not.
create function health.is_short(p_expected bigint, p_stored bigint, p_received bigint, p_lost bigint)
returns boolean language sql immutable as $$
    select coalesce(p_stored + 2 < p_expected * (0.99 - least(0.1, health.lost_share(p_received, p_lost))), false)
$$;

-- Whether a device is worth a look: numbers missing, too few readings, or an hour of readings or more waiting in its outbox.
create function health.worth_a_look(p_missing bigint, p_short boolean, p_waiting bigint, p_cadence_s integer)
returns boolean language sql immutable as $$
    select p_missing > 0 or p_short or coalesce(p_waiting * p_cadence_s >= 3600, false)
$$;

-- The newest reading of each of some devices of a kind.
create function health.heard(p_kind text, p_devices integer[])
returns table (device_id integer, ts timestamptz)
language plpgsql stable as $$
begin
    if to_regclass(format('public.%I', p_kind || '_reading')) is not null then
        return query execute format(
            'select d, r.ts from unnest($1) d cross join lateral ('
            ' select x.ts from public.%I x where x.device_id = d order by x.ts desc limit 1) r',
            p_kind || '_reading') using p_devices;
    end if;
end $$;

-- How many devices of a kind sent a reading within three of their intervals.
create function health.reporting(p_kind text, p_now timestamptz) returns bigint
language plpgsql stable as $$
declare
    found bigint;
begin
    execute format(
        'select count(*) from public.device d where d.kind = $1 and d.retired_at is null and exists ('
        ' select from public.%I r where r.device_id = d.device_id'
        ' and r.ts > $2 - 3 * d.cadence_s * interval ''1 second'' and r.ts <= $2 + interval ''5 minutes'')',
        p_kind || '_reading') into found using p_kind, p_now;
    return found;
end $$;

-- Per kind: the reading table's rows (the planner's estimate; null where nothing has been analysed
-- since the first row came), its size, and how it is cut: chunks and columnar ones with their sizes
-- before and after, or monthly partitions.
create function health.reading_tables(p_kinds text[])
returns table (kind text, rows_estimate bigint, bytes bigint, parts bigint, columnar bigint,
               before_bytes bigint, after_bytes bigint)
language plpgsql stable as $$
declare
    reading regclass;
    filled boolean;
    timescale boolean := exists (select from pg_extension where extname = 'timescaledb');
begin
    foreach kind in array p_kinds loop
        reading := to_regclass(format('public.%I', kind || '_reading'));
        continue when reading is null;
        columnar := null; before_bytes := null; after_bytes := null;
        if timescale then
            rows_estimate := approximate_row_count(reading);
            bytes := hypertable_size(reading);
            execute 'select coalesce(max(total_chunks), 0), coalesce(max(number_compressed_chunks), 0),'
                    ' max(before_compression_total_bytes), max(after_compression_total_bytes)'
                    ' from hypertable_columnstore_stats($1)'
               into parts, columnar, before_bytes, after_bytes using reading;
        else
            select count(*), coalesce(sum(greatest(c.reltuples, 0)), 0), coalesce(sum(pg_total_relation_size(c.oid)), 0)
              into parts, rows_estimate, bytes
              from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = reading;
        end if;
        if rows_estimate = 0 then
            execute format('select exists (select from %s)', reading) into filled;
            rows_estimate := case when not filled then 0 end;
        end if;
        return next;
    end loop;
end $$;

-- TimescaleDB's policies: what each does to what, when it last ran and how it went.
-- No row on plain PostgreSQL, whose aggregates are views.
create function health.policies()
returns table (policy text, target text, last_run_at timestamptz, last_success_at timestamptz, last_status text,
               runs bigint, failures bigint, next_run_at timestamptz)
language plpgsql stable as $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        return query execute
            'select case j.proc_name when ''policy_refresh_continuous_aggregate'' then ''refresh'''
            ' when ''policy_compression'' then ''columnstore'' when ''policy_retention'' then ''retention'''
            ' else j.proc_name::text end,'
            ' coalesce(a.view_name, j.hypertable_name)::text, nullif(s.last_run_started_at, ''-infinity''),'
            ' nullif(s.last_successful_finish, ''-infinity''), s.last_run_status,'
            ' coalesce(s.total_runs, 0), coalesce(s.total_failures, 0), nullif(j.next_start, ''-infinity'')'
            ' from timescaledb_information.jobs j'
            ' left join timescaledb_information.job_stats s using (job_id)'
            ' left join timescaledb_information.continuous_aggregates a'
            '   on a.materialization_hypertable_name = j.hypertable_name or a.view_name = j.hypertable_name'
            ' where j.hypertable_name is not null order by 1, 2';
    end if;
end $$;

-- The website may read these of every device, but not what they count: they run with their owner's rights.
do $$
declare
    counting text;
begin
    foreach counting in array array['began()', 'stored(text, timestamptz, timestamptz, integer)',
                                    'devices(text[], timestamptz, timestamptz, text, integer)', 'heard(text, integer[])',
                                    'reporting(text, timestamptz)',
                                    'reading_tables(text[])', 'policies()'] loop
        execute format('alter function health.%s security definer set search_path = public, pg_temp', counting);
    end loop;
end $$;
revoke all on all functions in schema health from public;
