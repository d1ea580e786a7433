-- routes
select r.route_id, r.label, s.segment_id, s.length_m::float8, s.width_m::float8, d.name as device,
       s.road_class
from gritting_route r left join road_segment s using (route_id)
left join device d on d.device_id = s.device_id and d.retired_at is null and d.kind = 'road'
order by r.priority, r.route_id, s.segment_id

-- measured
-- Without readings whose clock is not trusted. Wet or white: a film, or what the sensor itself says; where it says
-- neither it may be.
select d.name, array_agg(extract(epoch from r.ts)::float8 order by r.ts) as ts_s,
       array_agg(r.surface_temperature_c::float8 order by r.ts) as surface_c,
       array_agg(case when r.water_film_mm is null and r.surface_state is null then true
                       else coalesce(r.water_film_mm > 0.01, false) or coalesce(r.surface_state >= 1, false) end
                  order by r.ts) as wet,
       array_agg(r.water_film_mm::float8 order by r.ts) as film_mm,
       array_agg(r.freezing_point_c::float8 order by r.ts) as freezing_c,
       array_agg(r.surface_state::float8 order by r.ts) as state
from road_reading r join device d using (device_id)
where r.ts >= to_timestamp(%(from_s)s) and r.ts < to_timestamp(%(to_s)s) and r.quality & 2 = 0
  and r.surface_temperature_c is not null
group by d.name

-- rain
-- By the hour, where it rained most, as the rules count it. Where no station tells rain from snow, it is rain above 1 °C.
select extract(epoch from h)::float8 + 3600.0, max(mm) from (
    select date_trunc('hour', ts) as h, device_id,
           avg(case when coalesce(precipitation_type::float8, case when air_temperature_c > 1.0 then 1 else 3 end) in (1, 4)
               then coalesce(precipitation_mm_h, 0.0) else 0.0 end)::float8 as mm
    from weather_reading
    where ts >= to_timestamp(%(from_s)s) and ts < to_timestamp(%(to_s)s) and quality & 2 = 0
    group by 1, 2
) as by_station
group by h having max(mm) > 0.0
order by h

-- forecasts
select f.segment_id, extract(epoch from f.issued_at)::float8, extract(epoch from f.at)::float8, f.hour::integer,
       f.middle_c::float8, f.below_zero::float8
from road_forecast_hour f
where f.at >= to_timestamp(%(from_s)s) and f.at < to_timestamp(%(to_s)s)
  and f.issued_at >= to_timestamp(%(from_s)s) - interval '1 day' and f.issued_at < to_timestamp(%(to_s)s)
  and f.segment_id = any (%(segments)s) and f.middle_c is not null
order by f.segment_id, f.issued_at, f.hour

-- wrong
-- Sensors that were wrong by their neighbours when the night began, or were found so in it.
select subject from (
    select distinct on (subject) subject, detail from event
    where kind = 'sensor_judged' and at < to_timestamp(%(from_s)s) order by subject, at desc, event_id desc
) as before where (detail ->> 'wrong')::boolean
union
select subject from event
where kind = 'sensor_judged' and at >= to_timestamp(%(from_s)s) and at < to_timestamp(%(to_s)s)
  and (detail ->> 'wrong')::boolean

-- put
insert into winter_score (night, by, summary) values (%(night)s, %(by)s, %(summary)s::jsonb)

-- nights
select distinct on (night) summary::text from winter_score
where night between %(first)s and %(last)s
order by night, score_id desc

-- kept
select summary::text, extract(epoch from worked_at)::float8, by from winter_score
where night = %(night)s order by score_id desc limit 1
