-- begin
-- At the very first look all homes are due, and batches count from now on.
insert into damp_cursor (service, xid, diary_id)
select %(service)s, (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text::xid8,
       coalesce((select max(diary_entry_id) from diary_entry), 0)
where not exists (select from damp_cursor where service = %(service)s)
on conflict do nothing

-- cursor
select xid::text::bigint, diary_id, extract(epoch from event_time)::float8, extract(epoch from passed_at)::float8
from damp_cursor where service = %(service)s

-- latest_times
-- Event time of what is stored already, per kind by its newest reading.
select extract(epoch from greatest(
    (select max(ts) from frog_latest where quality & 2 = 0), (select max(ts) from weather_latest where quality & 2 = 0)))::float8

-- first_readings
select hd.home_id, hd.device_id, extract(epoch from r.ts)::float8
from home_device hd join device d on d.device_id = hd.device_id and d.kind = 'frog'
cross join lateral (
    select ts from frog_reading x where x.device_id = hd.device_id and x.quality & 2 = 0 order by ts limit 1) r

-- batches
-- A batch of a transaction that began before the oldest one still running is final, as for the rules.
select extract(epoch from received_at)::float8, received_at, kinds::text, xid::text::bigint
from ingest_batch
where xid > %(cursor)s::text::xid8 and xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid
fetch first %(limit)s rows with ties

-- changed
select hd.home_id, r.device_id, extract(epoch from min(r.ts))::float8
from frog_reading r join home_device hd on hd.device_id = r.device_id
where r.received_at = any(%(received)s::timestamptz[])
  and r.received_at between %(first)s and %(last)s and r.ts between %(min_ts)s and %(max_ts)s
  and r.quality & 2 = 0
group by 1, 2

-- weather_from
select extract(epoch from min(ts))::float8 from weather_reading
where received_at = any(%(received)s::timestamptz[])
  and received_at between %(first)s and %(last)s and ts between %(min_ts)s and %(max_ts)s and quality & 2 = 0

-- add_rooms
-- A box that was in another home before: nothing of then is read, also where it comes back to a former home.
with r as (select * from jsonb_to_recordset(%(rows)s) as r(home_id integer, device_id integer)),
elsewhere as (
    update damp_room o set is_here = false from r
    where o.device_id = r.device_id and o.home_id <> r.home_id and o.is_here)
insert into damp_room as t (home_id, device_id, from_at)
select r.home_id, r.device_id,
       case when exists (select from damp_room o where o.device_id = r.device_id)
            then to_timestamp(%(event_s)s) else '-infinity' end
from r
on conflict (home_id, device_id) do update
    set from_at = greatest(t.from_at, to_timestamp(%(event_s)s::float8)), is_here = true
    where not t.is_here

-- mark_homes
insert into damp_home as t (home_id, due_from, due_no)
select r.home_id, r.day, 1
from jsonb_to_recordset(%(rows)s) as r(home_id integer, day date)
join home h on h.home_id = r.home_id
on conflict (home_id) do update set due_from = least(t.due_from, excluded.due_from), due_no = t.due_no + 1

-- mark_all
-- Outdoors changed: so did every home's days that were worked out with it.
update damp_home set due_from = least(due_from, %(day)s), due_no = due_no + 1
where done_to >= to_timestamp(%(from_s)s)

-- mark_settled
update damp_home set due_from = least(due_from, settle_day), due_no = due_no + 1, settle_day = null, settle_at = null
where settle_at <= to_timestamp(%(event_s)s)

-- diary_new
select diary_entry_id, home_id, extract(epoch from at)::float8 from diary_entry
where diary_entry_id > %(after)s order by diary_entry_id limit 10000

-- move
-- Not where another process was faster: it has marked the same.
update damp_cursor set xid = %(xid)s::text::xid8, diary_id = %(diary_id)s, event_time = to_timestamp(%(event_s)s)
where service = %(service)s and xid = %(before_xid)s::text::xid8 and diary_id = %(before_diary_id)s

-- waiting
select count(*) from damp_home where due_from is not null

-- due
select home_id from damp_home where due_from is not null and home_id > %(after)s order by home_id limit %(limit)s

-- homes
select h.home_id, h.code, h.temperature_factor, h.occupants, t.due_from, t.due_no, t.epoch
from damp_home t join home h using (home_id)
where t.home_id = any(%(ids)s) and t.due_from is not null order by 1

-- rooms
select m.home_id, m.device_id, d.name, hd.room, d.cadence_s, extract(epoch from d.installed_at)::float8,
       extract(epoch from nullif(m.from_at, '-infinity'))::float8,
       extract(epoch from f.ts)::float8, extract(epoch from n.ts)::float8,
       (select max(day) from damp_day k where k.home_id = m.home_id and k.device_id = m.device_id)
from damp_room m join device d using (device_id) join home_device hd using (home_id, device_id)
left join lateral (
    select ts from frog_reading r where r.device_id = m.device_id and r.ts >= m.from_at and r.quality & 2 = 0
    order by ts limit 1) f on true
left join lateral (
    select ts from frog_reading r where r.device_id = m.device_id and r.ts >= m.from_at and r.quality & 2 = 0
      and r.ts <= to_timestamp(%(seen_s)s) order by ts desc limit 1) n on true
where m.home_id = any(%(ids)s) and d.kind = 'frog' order by 1, 2

-- series
select w.n, array_agg(extract(epoch from r.ts)::float8 order by r.ts, r.boot, r.seq),
       array_agg(r.temperature_c::float8 order by r.ts, r.boot, r.seq),
       array_agg(r.humidity_pct::float8 order by r.ts, r.boot, r.seq),
       array_agg(r.wall_temperature_c::float8 order by r.ts, r.boot, r.seq)
from unnest(%(devices)s::integer[], %(from_s)s::float8[], %(to_s)s::float8[]) with ordinality as w(device_id, from_s, to_s, n)
join frog_reading r on r.device_id = w.device_id and r.ts >= to_timestamp(w.from_s) and r.ts < to_timestamp(w.to_s)
where r.ts >= to_timestamp(%(first)s) and r.ts < to_timestamp(%(last)s) and r.quality & 2 = 0
group by w.n

-- kept_days
-- Of the household that lives there now: damp_room.from_at is when it came, or the box.
select w.n, k.day, extract(epoch from k.begins_at)::float8, k.n, k.expected, k.hours, k.temperature_c, k.humidity_pct,
       k.vapour_pa, k.outdoor_c, k.outdoor_pa, k.excess_pa, k.excess_hours, k.surface_hours, k.surface_min_c,
       k.damp_hours_low, k.damp_hours, k.damp_hours_high, k.mould::text, k.mould_state, k.factor, k.factor_low,
       k.factor_high, k.factor_error, k.factor_nights, k.flags, k.calibrations, k.sister_k, k.sister_dew_k, k.rules,
       k.hour_c, k.hour_pa, k.hour_wall_c
from unnest(%(homes)s::integer[], %(devices)s::integer[], %(dues)s::date[]) with ordinality as w(home_id, device_id, due, n)
join damp_day k on k.home_id = w.home_id and k.device_id = w.device_id
 and k.day < w.due and k.day >= w.due - %(look_back)s::integer
join damp_room m on m.home_id = k.home_id and m.device_id = k.device_id and k.day >= (m.from_at at time zone %(zone)s)::date
order by w.n, k.day

-- first_nights
select w.n, array_agg(f.sister_dew_k order by f.day), array_agg(f.sister_k order by f.day)
from unnest(%(homes)s::integer[], %(devices)s::integer[], %(dues)s::date[]) with ordinality as w(home_id, device_id, due, n)
join damp_room m on m.home_id = w.home_id and m.device_id = w.device_id
cross join lateral (
    select day, sister_dew_k, sister_k from damp_day k
    where k.home_id = w.home_id and k.device_id = w.device_id and k.day < w.due and sister_dew_k is not null and sister_k is not null
      and k.day >= (m.from_at at time zone %(zone)s)::date
    order by day limit %(nights)s) f
group by w.n

-- months
select w.n, to_char(k.day, 'YYYY-MM'), count(*), avg(k.temperature_c), avg(k.excess_pa), avg(k.outdoor_c), avg(k.outdoor_pa)
from unnest(%(homes)s::integer[], %(devices)s::integer[], %(dues)s::date[]) with ordinality as w(home_id, device_id, due, n)
join damp_day k on k.home_id = w.home_id and k.device_id = w.device_id
join damp_room m on m.home_id = k.home_id and m.device_id = k.device_id and k.day >= (m.from_at at time zone %(zone)s)::date
where k.day < date_trunc('month', w.due)::date and k.day >= (date_trunc('month', w.due) - interval '12 months')::date
  and k.excess_hours >= %(whole)s and k.outdoor_c is not null
group by 1, 2 order by 1, 2

-- kept_events
select w.n, extract(epoch from e.started_at)::float8, extract(epoch from e.peak_at)::float8,
       extract(epoch from e.ended_at)::float8, e.activity, e.confidence, e.rise_g_m3, e.grams_low, e.grams, e.grams_high,
       e.full_air, e.half_min, e.clear_min, e.aired, e.of_household, e.outdoor_known, e.diary_entry_id
from unnest(%(homes)s::integer[], %(devices)s::integer[], %(begins_s)s::float8[]) with ordinality as w(home_id, device_id, begins_s, n)
join moisture_event e on e.home_id = w.home_id and e.device_id = w.device_id
 and e.started_at < to_timestamp(w.begins_s) and e.started_at >= to_timestamp(w.begins_s - %(back_s)s)
join damp_room m on m.home_id = e.home_id and m.device_id = e.device_id and e.started_at >= m.from_at
order by 1, 2

-- calibrations
select w.n, c.calibration_id, c.field, c.value_offset, c.keeps_vapour, extract(epoch from c.from_at)::float8,
       extract(epoch from c.to_at)::float8, c.how
from unnest(%(devices)s::integer[]) with ordinality as w(device_id, n)
join calibration c on c.device_id = w.device_id and c.withdrawn_at is null
order by 1, 2

-- diary
select home_id, diary_entry_id, extract(epoch from at)::float8, activity from diary_entry
where home_id = any(%(ids)s) and at >= to_timestamp(%(from_s)s) and at < to_timestamp(%(to_s)s)
order by 1, 2

-- stations
select array_agg(r.device_id::bigint), array_agg(extract(epoch from r.ts)::float8), array_agg(r.air_temperature_c::float8),
       array_agg(r.humidity_pct::float8)
from (
    select device_id, ts, air_temperature_c, humidity_pct from weather_reading
    where ts >= to_timestamp(%(from_s)s) and ts < to_timestamp(%(to_s)s) and quality & 2 = 0
    order by device_id, ts, boot, seq) r

-- lock_homes
-- A home that is taken away meanwhile waits for this, and takes all of it along. So does what is deleted or begins anew.
select home_id, epoch from damp_home where home_id = any(%(ids)s) order by 1 for update

-- box_ids
select name, device_id from device where name = any(%(names)s)

-- put_day
insert into damp_day as t (
    home_id, device_id, day, begins_at, n, expected, hours, temperature_c, humidity_pct, vapour_pa, outdoor_c, outdoor_pa,
    excess_pa, excess_hours, surface_hours, surface_min_c, damp_hours_low, damp_hours, damp_hours_high, mould, mould_state,
    factor, factor_low, factor_high, factor_error, factor_nights, flags, calibrations, sister_k, sister_dew_k, rules,
    hour_c, hour_pa, hour_wall_c)
values (
    %(home_id)s, %(device_id)s, %(day)s, to_timestamp(%(begins_s)s), %(n)s, %(expected)s, %(hours)s, %(temperature_c)s::real,
    %(humidity_pct)s::real, %(vapour_pa)s::real, %(outdoor_c)s::real, %(outdoor_pa)s::real, %(excess_pa)s::real,
    %(excess_hours)s, %(surface_hours)s, %(surface_min_c)s::real, %(damp_hours_low)s, %(damp_hours)s, %(damp_hours_high)s,
    %(mould)s::jsonb, %(mould_state)s, %(factor)s::real, %(factor_low)s::real, %(factor_high)s::real, %(factor_error)s::real,
    %(factor_nights)s, %(flags)s::text[], %(calibrations)s::bigint[], %(sister_k)s::real, %(sister_dew_k)s::real, %(rules)s,
    %(hour_c)s::real[], %(hour_pa)s::real[], %(hour_wall_c)s::real[])
on conflict (home_id, device_id, day) do update set (
    begins_at, n, expected, hours, temperature_c, humidity_pct, vapour_pa, outdoor_c, outdoor_pa,
    excess_pa, excess_hours, surface_hours, surface_min_c, damp_hours_low, damp_hours, damp_hours_high, mould, mould_state,
    factor, factor_low, factor_high, factor_error, factor_nights, flags, calibrations, sister_k, sister_dew_k, rules,
    hour_c, hour_pa, hour_wall_c) = (
    excluded.begins_at, excluded.n, excluded.expected, excluded.hours, excluded.temperature_c, excluded.humidity_pct,
    excluded.vapour_pa, excluded.outdoor_c, excluded.outdoor_pa, excluded.excess_pa, excluded.excess_hours,
    excluded.surface_hours, excluded.surface_min_c, excluded.damp_hours_low, excluded.damp_hours, excluded.damp_hours_high,
    excluded.mould, excluded.mould_state, excluded.factor, excluded.factor_low, excluded.factor_high, excluded.factor_error,
    excluded.factor_nights, excluded.flags, excluded.calibrations, excluded.sister_k, excluded.sister_dew_k, excluded.rules,
    excluded.hour_c, excluded.hour_pa, excluded.hour_wall_c)
where t is distinct from excluded

-- drop_events
delete from moisture_event
where home_id = %(home_id)s and device_id = %(device_id)s
  and started_at >= to_timestamp(%(from_s)s) and started_at < to_timestamp(%(to_s)s)
  and not started_at = any(select to_timestamp(s) from unnest(%(kept_s)s::float8[]) s)

-- put_event
insert into moisture_event as t (
    home_id, device_id, started_at, peak_at, ended_at, activity, confidence, rise_g_m3, grams_low, grams, grams_high,
    full_air, half_min, clear_min, aired, of_household, outdoor_known, diary_entry_id)
values (
    %(home_id)s, %(device_id)s, to_timestamp(%(started_s)s), to_timestamp(%(peak_s)s), to_timestamp(%(ended_s)s),
    %(activity)s, %(confidence)s::real, %(rise_g_m3)s::real, %(grams_low)s::real, %(grams)s::real, %(grams_high)s::real,
    %(full_air)s, %(half_min)s::real, %(clear_min)s::real, %(aired)s, %(of_household)s, %(outdoor_known)s,
    (select diary_entry_id from diary_entry where diary_entry_id = %(diary_entry_id)s))
on conflict (home_id, device_id, started_at) do update set (
    peak_at, ended_at, activity, confidence, rise_g_m3, grams_low, grams, grams_high, full_air, half_min, clear_min, aired,
    of_household, outdoor_known, diary_entry_id) = (
    excluded.peak_at, excluded.ended_at, excluded.activity, excluded.confidence, excluded.rise_g_m3, excluded.grams_low,
    excluded.grams, excluded.grams_high, excluded.full_air, excluded.half_min, excluded.clear_min, excluded.aired,
    excluded.of_household, excluded.outdoor_known, excluded.diary_entry_id)
where (t.peak_at, t.ended_at, t.activity, t.confidence, t.rise_g_m3, t.grams_low, t.grams, t.grams_high, t.full_air, t.half_min,
       t.clear_min, t.aired, t.of_household, t.outdoor_known, t.diary_entry_id) is distinct from
      (excluded.peak_at, excluded.ended_at, excluded.activity, excluded.confidence, excluded.rise_g_m3, excluded.grams_low,
       excluded.grams, excluded.grams_high, excluded.full_air, excluded.half_min, excluded.clear_min, excluded.aired,
       excluded.of_household, excluded.outdoor_known, excluded.diary_entry_id)

-- put_finding
insert into damp_finding as t (
    home_id, week, to_day, device_id, cause, confidence, risk, mould_index, evidence, advice, iso, standard, monthly, rules)
values (
    %(home_id)s, %(week)s, %(to_day)s, %(device_id)s, %(cause)s, %(confidence)s::real, %(risk)s, %(mould_index)s::real,
    %(evidence)s::jsonb, %(advice)s::jsonb, %(iso)s::jsonb, %(standard)s::jsonb, %(monthly)s::jsonb, %(rules)s)
on conflict (home_id, week) do update set (
    to_day, device_id, cause, confidence, risk, mould_index, evidence, advice, iso, standard, monthly, rules) = (
    excluded.to_day, excluded.device_id, excluded.cause, excluded.confidence, excluded.risk, excluded.mould_index,
    excluded.evidence, excluded.advice, excluded.iso, excluded.standard, excluded.monthly, excluded.rules)
where t is distinct from excluded

-- done
update damp_home set
    due_from = case when due_no = %(due_no)s then %(due_from)s::date else due_from end,
    settle_day = case when due_no = %(due_no)s then %(settle_day)s::date else settle_day end,
    settle_at = case when due_no = %(due_no)s then to_timestamp(%(settle_s)s) else settle_at end,
    done_to = greatest(done_to, to_timestamp(%(newest_s)s))
where home_id = %(home_id)s

-- done_room
update damp_room set done_to = greatest(done_to, to_timestamp(%(newest_s)s))
where home_id = %(home_id)s and device_id = %(device_id)s

-- passed
update damp_cursor set passed_at = to_timestamp(%(event_s)s) where service = %(service)s

-- ask
update damp_cursor set passed_at = null where service = %(service)s

-- home_id
select home_id from home where code = %(code)s

-- recompute
-- Not before the first reading that is still there: a day of which some have gone is left as it is.
update damp_home t set due_no = due_no + 1, due_from = least(t.due_from, greatest(%(from_day)s::date, r.first_day))
from (
    select m.home_id, min(case
        when exists (select from damp_day k where k.home_id = m.home_id and k.device_id = m.device_id
                      and k.day < (f.ts at time zone %(zone)s)::date)
        then (f.ts at time zone %(zone)s)::date + 1 else (f.ts at time zone %(zone)s)::date end) as first_day
    from damp_room m join home_device hd using (home_id, device_id)
    cross join lateral (
        select ts from frog_reading x where x.device_id = m.device_id and x.ts >= m.from_at and x.quality & 2 = 0
        order by ts limit 1) f
    where %(home_id)s::integer is null or m.home_id = %(home_id)s
    group by 1) r
where r.home_id = t.home_id

-- box
select d.device_id, hd.home_id from device d left join home_device hd using (device_id)
where d.name = %(device)s and d.kind = 'frog'

-- add_calibration
insert into calibration (device_id, field, value_offset, keeps_vapour, from_at, to_at, how, by, evidence)
values (%(device_id)s, %(field)s, %(offset)s, %(keeps_vapour)s, to_timestamp(%(from_s)s), to_timestamp(%(to_s)s), %(how)s,
        %(by)s, %(evidence)s)
returning calibration_id

-- withdraw
update calibration c set withdrawn_at = now(), withdrawn_by = %(by)s
where calibration_id = %(calibration_id)s and withdrawn_at is null
returning device_id, extract(epoch from from_at)::float8,
    (select home_id from home_device hd where hd.device_id = c.device_id)
