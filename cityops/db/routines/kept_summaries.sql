-- What is added up once and kept, because boards ask for a quarter of it: the schema summary (docs/adr/022). Everything
-- here can be made again from what it sums up, which is why it is a routine and no migration. `summary.keep()` is called
-- every minute by the ingester (ingest/summaries.py), in short transactions: the rules follow transactions in their
-- order and would wait for a long one. Nobody but the owner reads it; boards do through the schema board.

create schema if not exists summary;

-- How far each summary is done: everything before `until`. looked_at: batches stored before it have been looked through for late readings.
create table if not exists summary.kept (
    what      text primary key,
    until     timestamptz not null,
    looked_at timestamptz
);

-- Batches by ten minutes in which they were stored, and by kind; kind '' counts the batches themselves. oldest_s: age of the
-- oldest reading when it was stored; newest_s: mean age of the batches' newest ones.
create table if not exists summary.ingest (
    slot         timestamptz not null,
    kind         text not null,
    batches      bigint not null,
    readings     bigint not null,
    duplicates   bigint,
    dead_letters bigint,
    oldest_s     double precision,
    newest_s     double precision,
    primary key (slot, kind)
);

-- The climate of all homes by hour. No row is of fewer than five homes, nor has it a count of fewer.
create table if not exists summary.home_climate (
    bucket          timestamptz primary key,
    homes           bigint not null check (homes >= 5),
    humid_homes     bigint check (humid_homes >= 5 and homes - humid_homes >= 5),
    temperature_p10 double precision,
    temperature_p50 double precision,
    temperature_p90 double precision,
    humidity_p10    double precision,
    humidity_p50    double precision,
    humidity_p90    double precision
);

-- Hours that late readings have changed: since when that is known, and when it was last seen again.
create table if not exists summary.home_climate_due (
    bucket timestamptz primary key,
    since  timestamptz not null
);
alter table summary.home_climate_due add column if not exists newest timestamptz not null default now();

-- Readings and devices that reported by kind and UTC day.
create table if not exists summary.readings_day (
    day     timestamptz not null,
    kind    text not null,
    devices bigint not null,
    n       bigint not null,
    primary key (day, kind)
);

-- Batches of a time, added up by p_slot.
create or replace function summary.ingest_of(p_from timestamptz, p_to timestamptz, p_slot interval)
returns table (slot timestamptz, kind text, batches bigint, readings bigint, duplicates bigint, dead_letters bigint,
               oldest_s double precision, newest_s double precision)
language sql stable as $$
    with batch as materialized (
        select date_bin(p_slot, b.received_at, 'epoch') as slot, b.* from public.ingest_batch b
         where b.received_at >= p_from and b.received_at < p_to
    )
    select b.slot, '', count(*), sum(b.readings), sum(b.duplicates), sum(b.dead_letters), null, null from batch b group by b.slot
    union all
    select b.slot, k.key, count(*), sum((k.value ->> 'rows')::bigint), null, null,
           max(extract(epoch from b.received_at - (k.value ->> 'min_ts')::timestamptz))::double precision,
           avg(extract(epoch from b.received_at - (k.value ->> 'max_ts')::timestamptz))::double precision
      from batch b cross join lateral jsonb_each(b.kinds) k group by b.slot, k.key
$$;

-- The climate of the hours from p_from to before p_to. The last hours come from the readings: an aggregate that is not refreshed
-- yet would read the whole newest chunk for them, while those that arrived since are found by the BRIN index on received_at.
-- Volatile, as health.stored is: the plan and the rows of the aggregate are of one moment.
create or replace function summary.climate_of(p_from timestamptz, p_to timestamptz)
returns setof summary.home_climate
language plpgsql as $$
declare
    live timestamptz := case when exists (select from pg_extension where extname = 'timescaledb')
                             then greatest(p_from, date_trunc('hour', now()) - interval '2 hours') else p_from end;
begin
    return query
    with mean as (
        select f.bucket, f.device_id, f.temperature_c_avg as t, f.humidity_pct_avg as rh
          from public.frog_hourly f where f.bucket >= p_from and f.bucket < least(live, p_to)
        union all
        select date_bin('1 hour', r.ts, 'epoch'), r.device_id, avg(r.temperature_c), avg(r.humidity_pct)
          from public.frog_reading r
         where r.ts >= live and r.ts < p_to and r.received_at >= live - interval '10 minutes' group by 1, 2
    ), per_home as (
        select m.bucket, h.home_id, avg(m.t)::double precision as t, avg(m.rh)::double precision as rh
          from mean m join public.home_device h using (device_id) group by m.bucket, h.home_id
    )
    select p.bucket, count(*),
           case when least(count(*) filter (where p.rh >= 70), count(*) filter (where not p.rh >= 70)) >= 5
                then count(*) filter (where p.rh >= 70) end,
           percentile_cont(0.1) within group (order by p.t), percentile_cont(0.5) within group (order by p.t),
           percentile_cont(0.9) within group (order by p.t), percentile_cont(0.1) within group (order by p.rh),
           percentile_cont(0.5) within group (order by p.rh), percentile_cont(0.9) within group (order by p.rh)
      from per_home p group by p.bucket having count(*) >= 5;
end $$;

-- How far a summary is done; null where it is not begun. A clock that was ahead for a while left a time to come: what was
-- kept of that is worked out again from today on.
create or replace function summary.until(p_what text) returns timestamptz
language sql stable as $$
    select case when until > now() then date_bin('1 day', now(), 'epoch') else until end from summary.kept where what = p_what
$$;

-- Add up slots that are over, at most p_most; the last one once more, for a batch that was slow to commit. Returns how many were new.
create or replace function summary.keep_ingest(p_most integer) returns integer
language plpgsql as $$
declare
    ten interval := '10 minutes';
    done timestamptz := coalesce(summary.until('ingest'),
                                 (select date_bin('10 minutes', min(received_at), 'epoch') from public.ingest_batch));
    last timestamptz := least(date_bin('10 minutes', now(), 'epoch'), done + p_most * interval '10 minutes');
begin
    if done is null or last <= done then
        return 0;
    end if;
    delete from summary.ingest s where s.slot >= done - ten and s.slot < last;
    insert into summary.ingest select * from summary.ingest_of(done - ten, last, ten);
    insert into summary.kept (what, until) values ('ingest', last) on conflict (what) do update set until = excluded.until;
    return extract(epoch from last - done)::integer / 600;
end $$;

-- Note the hours of homes that late readings have changed: of batches only from when to when their readings are is known, so
-- every hour between counts, each once however many batches cover it, and none that is older than a quarter. Looks ten
-- minutes back, for batches that were slow to commit and ingesters whose clocks are slow.
create or replace function summary.note_late(p_until timestamptz) returns void
language plpgsql as $$
declare
    looked timestamptz := (select least(looked_at, now()) from summary.kept where what = 'home_climate');
    oldest timestamptz := date_bin('1 hour', now() - interval '92 days', 'epoch');
begin
    insert into summary.home_climate_due (bucket, since, newest)
    select h, now(), now()
      from (select range_agg(tstzrange(x.first, x.last, '[]')) as spans
              from (select greatest(date_bin('1 hour', (b.kinds -> 'frog' ->> 'min_ts')::timestamptz, 'epoch'), oldest) as first,
                           least((b.kinds -> 'frog' ->> 'max_ts')::timestamptz, p_until - interval '1 second') as last
                      from public.ingest_batch b
                     where b.received_at >= looked - interval '10 minutes' and b.kinds ? 'frog') x
             where x.first <= x.last) s
     cross join lateral unnest(s.spans) span
     cross join lateral generate_series(lower(span), upper(span), interval '1 hour') h
    -- Seen again within those ten minutes it is the same batch.
    on conflict (bucket) do update set newest = excluded.newest
       where excluded.newest > home_climate_due.since + interval '11 minutes';
    update summary.kept set looked_at = now() where what = 'home_climate';
end $$;

-- Work out hours that are over, and again those that late readings changed half an hour ago (the aggregate is refreshed by then);
-- those that were changed again meanwhile once more after another half hour.
create or replace function summary.keep_home_climate(p_most integer) returns integer
language plpgsql as $$
declare
    done timestamptz := coalesce(summary.until('home_climate'),
                                 (select date_bin('1 hour', r.ts, 'epoch') from public.frog_reading r order by r.ts limit 1));
    last timestamptz := least(date_bin('1 hour', now() - interval '2 minutes', 'epoch'), done + p_most * interval '1 hour');
    again timestamptz;
    worked integer := 0;
begin
    if done is null then
        return 0;
    end if;
    if last > done then
        delete from summary.home_climate where bucket >= done and bucket < last;
        insert into summary.home_climate select * from summary.climate_of(done, last);
        insert into summary.kept values ('home_climate', last, now() - interval '1 hour')
            on conflict (what) do update set until = excluded.until;
        worked := extract(epoch from last - done)::integer / 3600;
    end if;
    perform summary.note_late(greatest(last, done));
    for again in
        select bucket from summary.home_climate_due where since < now() - interval '30 minutes' order by bucket desc limit p_most
    loop
        delete from summary.home_climate where bucket = again;
        insert into summary.home_climate select * from summary.climate_of(again, again + interval '1 hour');
        delete from summary.home_climate_due where bucket = again and newest <= since + interval '11 minutes';
        update summary.home_climate_due set since = newest where bucket = again;
        worked := worked + 1;
        exit when clock_timestamp() > now() + interval '1 second'; -- the rest in the next transaction: rules wait for long ones
    end loop;
    return worked;
end $$;

-- Readings of a kind by day: of days that are over from the daily aggregate, of the last one or two from the hourly one, which
-- is refreshed up to an hour ago. Plain PostgreSQL's aggregates are views that read all there is: there it counts readings.
create or replace function summary.readings_of(p_kind text, p_from timestamptz, p_to timestamptz)
returns table (day timestamptz, kind text, devices bigint, n bigint)
language plpgsql as $$
declare
    hours_from timestamptz := greatest(p_from, date_bin('1 day', now() - interval '1 day', 'epoch'));
begin
    if to_regclass(format('public.%I', p_kind || '_daily')) is null then
        return;
    end if;
    if not exists (select from pg_extension where extname = 'timescaledb') then
        return query execute format(
            'select x.day, $3, count(*), sum(x.n)::bigint from ('
            ' select date_bin(''1 day'', ts, ''epoch'') as day, device_id, count(*) as n from public.%I'
            ' where ts >= $1 and ts < $2 group by 1, 2) x group by x.day', p_kind || '_reading') using p_from, p_to, p_kind;
        return;
    end if;
    if p_from < hours_from then
        return query execute format('select bucket, $3, count(*), sum(n)::bigint from public.%I'
                                    ' where bucket >= $1 and bucket < least($2, $4) group by bucket', p_kind || '_daily')
            using p_from, p_to, p_kind, hours_from;
    end if;
    if p_to > hours_from then
        return query execute format(
            'select x.day, $3, count(*), sum(x.n)::bigint from ('
            ' select date_bin(''1 day'', bucket, ''epoch'') as day, device_id, sum(n) as n from public.%I'
            ' where bucket >= $1 and bucket < $2 group by 1, 2) x group by x.day', p_kind || '_hourly')
            using hours_from, p_to, p_kind;
    end if;
end $$;

-- Count the readings of days that are over. The last ten days are counted again once an hour: what comes late comes within them.
create or replace function summary.keep_readings_day(p_most integer) returns integer
language plpgsql as $$
declare
    kept_to timestamptz := summary.until('readings_day');
    again boolean := (select looked_at is null or not looked_at between now() - interval '1 hour' and now() from summary.kept where what = 'readings_day');
    done timestamptz := coalesce(kept_to, date_bin('1 day', health.began(), 'epoch'));
    last timestamptz := least(date_bin('1 day', now() - interval '2 hours', 'epoch'), done + p_most * interval '1 day');
    start timestamptz := case when again and last <= kept_to then last - interval '10 days' else done end;
begin
    if done is null or last <= start then
        return 0;
    end if;
    delete from summary.readings_day where day >= start and day < last;
    insert into summary.readings_day
    select r.* from (select distinct d.kind from public.device d) k cross join lateral summary.readings_of(k.kind, start, last) r;
    insert into summary.kept values ('readings_day', last, now())
        on conflict (what) do update set until = excluded.until, looked_at = excluded.looked_at;
    return greatest(0, extract(epoch from last - done)::integer / 86400);
end $$;

-- What an installation tells its boards, since a board knows no setting: where the pages are, how large the database's disk is.
create table if not exists summary.told (
    name  text primary key,
    value text not null
);

-- Homes at risk by ward as they are published (ops_api/housing/wards.py), and '' for the wards whose numbers are told together only.
-- Null: not told.
create table if not exists summary.ward (
    ward_id text primary key,
    label   text not null,
    homes   integer check (homes >= 5),
    at_risk integer check (at_risk is null or homes is not null and at_risk >= 5 and homes - at_risk >= 5),
    as_of   date
);

-- A portion of all of it; returns how much was new: 0 when there is nothing left to do. Whoever comes second leaves it to the first.
create or replace function summary.keep(p_most integer default 24) returns integer
language plpgsql as $$
begin
    if not pg_try_advisory_xact_lock(hashtext('cityops.summary')) then
        return 0;
    end if;
    return summary.keep_ingest(6 * p_most) + summary.keep_home_climate(p_most) + summary.keep_readings_day(p_most / 3 + 1);
end $$;

revoke all on all functions in schema summary from public;
