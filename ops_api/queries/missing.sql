-- missing
-- Every kind in one document and the worst devices in another, counted once.
with device as materialized (
    select d.*, health.worth_a_look(missing, s.short, waiting, cadence_s) as look, s.short
      from health.devices(%(counted)s, %(start)s, %(end)s, %(kind)s, %(device_id)s) d
     cross join lateral (select health.is_short(d.expected, d.stored, d.received, d.lost) as short) s
), per_kind as (
    select kind, count(*) as devices, sum(expected) as expected, sum(least(stored, expected)) as stored,
           count(*) filter (where short) as short_devices,
           sum(received) as received, sum(missing) as missing, count(*) filter (where missing > 0) as gap_devices,
           sum(lost) as lost, count(*) filter (where lost > 0) as lost_devices,
           coalesce(sum(waiting), 0) as waiting, count(*) filter (where waiting > 0) as waiting_devices,
           min(status_at) filter (where waiting > 0) as oldest_status_at, count(*) filter (where look) as look_devices
      from device group by kind
), worst as (
    select device_id, name, kind, cadence_s, in_home, expected, stored, received, missing, gaps, lost, waiting, status_at
      from device where look or %(device_id)s is not null
     order by stored::double precision / nullif(expected, 0) nulls last, missing desc, waiting desc nulls last, name
     limit %(limit)s
)
select (select coalesce(jsonb_agg(k order by k.kind), '[]') from per_kind k) as kinds,
       (select coalesce(jsonb_agg(w), '[]') from worst w) as devices

-- missing_ranges
select device_id, boot, first_seq, last_seq
  from (select g.*, row_number() over (partition by device_id order by boot desc, first_seq) as place
          from health.gap g where device_id = any (%(devices)s)) r
 where place <= %(limit)s order by device_id, boot desc, first_seq

-- heard
select h.device_id, h.ts
  from unnest(%(kinds)s::text[]) k cross join lateral health.heard(
       k, array(select device_id from device_named where kind = k and device_id = any (%(devices)s))) h

-- stored_week
select k as kind, sum(e.expected) as expected, sum(least(coalesce(s.n, 0), e.expected)) as stored
  from unnest(%(counted)s::text[]) k
  join device_named d on d.kind = k
 cross join lateral (
       select health.expected(%(start)s, %(end)s, d.cadence_s, d.installed_at, d.retired_at) as expected) e
  left join (select k.kind, s.* from unnest(%(counted)s::text[]) k(kind)
              cross join lateral health.stored(k.kind, %(start)s, %(end)s) s) s
         on s.device_id = d.device_id
 group by 1

-- began
select health.began() as at

-- device_id
select device_id, kind from device_named where name = %(name)s

-- statement_timeout
select set_config('statement_timeout', %(milliseconds)s, true)

-- reading_tables
select * from health.reading_tables(%(kinds)s)

-- policies
select * from health.policies()

-- database_size
select pg_database_size(current_database()) as bytes, current_setting('server_version') as server_version,
       (select extversion from pg_extension where extname = 'timescaledb') as timescaledb
