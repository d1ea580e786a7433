-- damp_home
select h.home_id, h.code, h.label, h.temperature_factor, h.occupants, t.due_from, t.done_to,
       (select event_time from damp_cursor where service = 'damp') as seen_at
from home h left join damp_home t using (home_id)
where case when %(home_id)s::integer is null then h.code = %(code)s else h.home_id = %(home_id)s end

-- damp_list
-- A home by its number: its code is its key, its label an address.
select h.home_id, f.week, f.to_day, f.risk, f.mould_index, f.cause, f.confidence,
       (f.evidence ->> 'completeness')::float8 as completeness, (f.evidence -> 'damp_hours_band' ->> 1)::float8 as damp_hours,
       (f.evidence ->> 'surface_hours')::float8 as surface_hours, f.evidence ->> 'not_enough' as not_enough,
       f.evidence -> 'flag_days' as flag_days, t.due_from, t.done_to
from home h left join damp_home t using (home_id)
left join lateral (
    select * from damp_finding x where x.home_id = h.home_id order by week desc limit 1) f on true
where %(risk)s::text is null or coalesce(f.risk, 'unknown') = %(risk)s
order by array_position(array['high', 'raised', 'low', 'unknown'], coalesce(f.risk, 'unknown')),
         f.mould_index desc nulls last, h.home_id
limit %(limit)s

-- damp_days
select d.name as device, hd.room, k.day, k.n, k.expected, k.hours, k.temperature_c, k.humidity_pct, k.vapour_pa, k.outdoor_c,
       k.outdoor_pa, k.excess_pa, k.excess_hours, k.surface_hours, k.surface_min_c, k.damp_hours_low, k.damp_hours,
       k.damp_hours_high, k.mould, k.factor, k.factor_low, k.factor_high, k.factor_error, k.factor_nights, k.flags,
       k.calibrations, k.rules
from damp_day k join device d using (device_id) left join home_device hd on hd.device_id = k.device_id and hd.home_id = k.home_id
where k.home_id = %(home_id)s and k.day >= %(first)s and k.day < %(last)s
order by k.day desc, d.name limit %(limit)s

-- damp_events
-- The household's word wins over the guess.
select e.event_id, d.name as device, e.started_at, e.peak_at, e.ended_at, coalesce(y.activity, e.activity) as activity,
       case when y.activity is null then e.confidence else 1.0 end as confidence, y.activity is not null as from_diary,
       e.rise_g_m3, e.grams_low, e.grams, e.grams_high, e.full_air, e.half_min, e.clear_min, e.aired, e.of_household,
       e.outdoor_known, e.diary_entry_id
from moisture_event e join device d using (device_id)
left join diary_entry y on y.diary_entry_id = e.diary_entry_id and y.activity in ('shower', 'cooking', 'washing')
where e.home_id = %(home_id)s and e.started_at >= %(since)s and e.started_at < %(until)s
order by e.started_at desc limit %(limit)s

-- damp_findings
select f.week, f.to_day, d.name as device, hd.room, f.cause, f.confidence, f.risk, f.mould_index, f.evidence, f.advice, f.iso,
       f.standard, f.monthly, f.rules
from damp_finding f join device d using (device_id)
left join home_device hd on hd.device_id = f.device_id and hd.home_id = f.home_id
where f.home_id = %(home_id)s order by f.week desc limit %(limit)s

-- damp_calibrations
select c.calibration_id, d.name as device, c.field, c.value_offset, c.keeps_vapour, c.from_at, c.to_at, c.how, c.by, c.evidence,
       c.created_at, c.withdrawn_at, c.withdrawn_by
from calibration c join device d using (device_id)
where (%(home_id)s::integer is null or exists (select from damp_room m where m.home_id = %(home_id)s and m.device_id = c.device_id))
order by c.calibration_id

-- damp_now
-- What the box that speaks for the home measured last.
select r.ts, r.temperature_c::float8 as temperature_c, r.humidity_pct::float8 as humidity_pct, d.device_id
from device d
cross join lateral (
    select ts, temperature_c, humidity_pct from frog_reading x
    where x.device_id = d.device_id and x.quality & 2 = 0 and x.ts <= %(now)s and x.ts > %(now)s - interval '2 hours'
    order by ts desc limit 1) r
where d.name = %(device)s

-- damp_outdoors_now
select r.air_temperature_c::float8 as temperature_c, r.humidity_pct::float8 as humidity_pct, r.wind_speed_m_s::float8 as wind_m_s
from device d
cross join lateral (
    select * from weather_reading x
    where x.device_id = d.device_id and x.quality & 2 = 0 and x.ts <= %(now)s and x.ts > %(now)s - interval '3 hours'
    order by ts desc limit 1) r
where d.kind = 'weather' and d.retired_at is null
