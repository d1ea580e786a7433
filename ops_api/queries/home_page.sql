-- home_page
-- As the resident: everything of a home that its page says first, but readings, in one look. Of days only the finding's last week.
select h.home_id, h.code, h.label, h.temperature_factor, s.state,
       (select to_jsonb(f) || jsonb_build_object('device', d.name, 'room', hd.room, 'days', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                              'day', k.day, 'surface_hours', k.surface_hours, 'damp_hours_low', k.damp_hours_low,
                              'damp_hours', k.damp_hours, 'damp_hours_high', k.damp_hours_high, 'factor_nights', k.factor_nights)
                          order by k.day desc), '[]')
                     from damp_day k
                    where k.home_id = f.home_id and k.device_id = f.device_id and k.day > f.to_day - 7 and k.day <= f.to_day))
          from damp_finding f join device d using (device_id)
          left join home_device hd on hd.device_id = f.device_id and hd.home_id = f.home_id
         where f.home_id = h.home_id order by f.week desc limit 1) as finding,
       (select coalesce(jsonb_agg(to_jsonb(c) || jsonb_build_object('device', d.name)), '[]')
          from calibration c join device d using (device_id) join home_device hd using (device_id)
         where hd.home_id = h.home_id) as calibrations
from home h left join subject_state s on s.subject_kind = 'home' and s.subject = h.code
where h.code = %(code)s

-- home_marks
-- As the resident: what the diary says and what was found in a room's readings.
select (select coalesce(jsonb_agg(jsonb_build_object('diary_entry_id', y.diary_entry_id, 'at', y.at, 'activity', y.activity)
                  order by y.at desc, y.diary_entry_id desc), '[]')
          from (select * from diary_entry where home_id = %(home_id)s and at >= %(since)s
                 order by at desc limit %(limit)s) y) as diary,
       (select coalesce(jsonb_agg(jsonb_build_object(
                      'event_id', e.event_id, 'started_at', e.started_at, 'peak_at', e.peak_at, 'activity', e.activity,
                      'grams', e.grams, 'clear_min', e.clear_min, 'aired', e.aired, 'of_household', e.of_household,
                      'diary_entry_id', e.diary_entry_id) order by e.started_at desc), '[]')
          from moisture_event e
         where e.home_id = %(home_id)s and e.device_id = %(device_id)s and e.started_at >= %(since)s) as events

-- home_event
-- As the resident: a moisture event of her home.
select event_id, device_id, started_at, peak_at, activity from moisture_event
where home_id = %(home_id)s and event_id = %(event_id)s

-- home_days
-- As the resident: a year of one room, the newest day first.
select k.day, k.n, k.expected, k.temperature_c, k.humidity_pct, k.surface_hours, k.damp_hours_low, k.damp_hours,
       k.damp_hours_high, k.mould, k.flags
from damp_day k
where k.home_id = %(home_id)s and k.device_id = %(device_id)s and k.day > %(after)s order by k.day desc limit %(limit)s

-- home_weeks
-- As the resident: the findings of a year in short, the newest first.
select week, to_day, device_id, risk, mould_index, cause, evidence->'risk_shares' as risk_shares from damp_finding
where home_id = %(home_id)s and week > %(after)s order by week desc limit %(limit)s

-- home_pack_span
-- As the resident: from which day on a pack may tell: of her stay, and of what was measured; null: any.
select (select nullif(min(from_at), '-infinity')::date from household_member
         where home_id = %(home_id)s and (to_at is null or to_at > now())) as stay,
       (select min(day) from damp_day where home_id = %(home_id)s and n > 0) as measured

-- home_town
-- The owner's: what time it is in the town, and how the air is outside. Nobody's home is in it.
select c.event_time, c.updated_at,
       (select coalesce(jsonb_agg(jsonb_build_object(
                   'temperature_c', r.air_temperature_c::float8, 'humidity_pct', r.humidity_pct::float8,
                   'wind_m_s', r.wind_speed_m_s::float8, 'ts', r.ts)), '[]')
          from device d
         cross join lateral (
               select * from weather_reading x
               where x.device_id = d.device_id and x.quality & 2 = 0 and x.ts <= %(now)s
                 and x.ts > least(c.event_time, %(now)s) - interval '3 hours'
               order by ts desc limit 1) r
         where d.kind = 'weather' and d.retired_at is null) as stations
from (select max(event_time) as event_time, max(updated_at) as updated_at from rule_cursor) c
