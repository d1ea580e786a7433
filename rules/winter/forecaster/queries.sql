-- progress
-- least() takes no notice of null: before the first reading there is no event time.
select case when n.ts is not null then extract(epoch from least(now(), n.ts))::float8 end,
       extract(epoch from i.issued_at)::float8,
       coalesce((select array_agg(s ->> 'device') from jsonb_array_elements(i.sensors) s where (s ->> 'wrong')::boolean), '{}')
from (select greatest((select max(ts) from road_latest where quality & 2 = 0),
                      (select max(ts) from weather_latest where quality & 2 = 0)) as ts) n
left join lateral (select issued_at, sensors from road_forecast_issue order by issued_at desc limit 1) i on true

-- stations
select extract(epoch from ts)::float8, air_temperature_c::float8, humidity_pct::float8, wind_speed_m_s::float8,
       shortwave_w_m2::float8, longwave_w_m2::float8, cloud_oktas::float8 / 8.0, precipitation_mm_h::float8,
       precipitation_type::float8, pressure_hpa::float8
from weather_reading
where ts > to_timestamp(%(from_s)s) and ts <= to_timestamp(%(to_s)s) and quality & 2 = 0
order by ts, device_id, boot, seq

-- roads
select d.name, extract(epoch from r.ts)::float8, r.surface_temperature_c::float8, r.air_temperature_c::float8,
       r.humidity_pct::float8, r.water_film_mm::float8
from road_reading r join device d using (device_id)
where r.ts > to_timestamp(%(from_s)s) and r.ts <= to_timestamp(%(to_s)s) and r.quality & 2 = 0
order by r.ts, r.device_id, r.boot, r.seq

-- gritters
select extract(epoch from ts)::float8, latitude_deg::float8, longitude_deg::float8, surface_temperature_c::float8
from gritter_reading
where ts > to_timestamp(%(from_s)s) and ts <= to_timestamp(%(to_s)s) and quality & 2 = 0
  and surface_temperature_c is not null
order by ts, device_id, boot, seq

-- treated
-- What the engine has concluded that gritters spread: passes over parts of stretches.
select subject, state::text from rule_state where rule_id = 'treated' order by subject

-- mapped
select segment_id, weather_type, nights, sum_c from thermal_map where segment_id = any(%(ids)s)

-- available
-- Event time of now: what was stored before it was measured before it.
select extract(epoch from greatest(to_timestamp(%(issued_s)s), least(now(), greatest(
    (select max(ts) from road_latest where quality & 2 = 0),
    (select max(ts) from weather_latest where quality & 2 = 0)))))::float8

-- add_issue
insert into road_forecast_issue (
    issued_at, available_at, received_at, weather, weather_id, weather_source, weather_issued_at, members, sensors,
    limit_c, segments)
values (
    to_timestamp(%(issued_s)s), to_timestamp(%(available_s)s), clock_timestamp(), %(weather)s, %(weather_id)s,
    %(weather_source)s, to_timestamp(%(weather_issued_s)s), %(members)s, %(sensors)s::jsonb, %(limit_c)s, %(segments)s)
on conflict (issued_at) do nothing
returning forecast_id, received_at, issued_at

-- ensure_day
select ensure_road_forecast_day(%(issued_at)s)

-- add_rows
copy road_forecast (
    forecast_id, issued_at, segment_id, surface_c, deviation_c, source, condition, water_mm, salt_g_m2, off_c, hours)
from stdin (format binary)

-- add_batch
-- In the order of the batches; without readings, since no device sent any. Its time is the issue's, or the next that is free.
insert into ingest_batch (received_at, kinds)
values (%(received_at)s, jsonb_build_object('forecast', jsonb_build_object(
    'rows', %(rows)s::integer, 'min_ts', to_timestamp(%(available_s)s), 'max_ts', to_timestamp(%(available_s)s))))
on conflict (received_at) do nothing
returning batch_id

-- later
update road_forecast_issue set received_at = received_at + interval '1 microsecond' where forecast_id = %(forecast_id)s
returning received_at

-- put_map
insert into thermal_map as t (segment_id, weather_type, nights, sum_c)
select * from unnest(%(segments)s::text[], %(types)s::text[], %(nights)s::float8[], %(sums)s::float8[])
on conflict (segment_id, weather_type) do update set nights = excluded.nights, sum_c = excluded.sum_c
where (t.nights, t.sum_c) is distinct from (excluded.nights, excluded.sum_c)

-- tell
select pg_notify('cityops_batch', '')

-- newest
select forecast_id from road_forecast_issue
where %(at_s)s::float8 is null or issued_at <= to_timestamp(%(at_s)s::float8)
order by issued_at desc limit 1

-- issue
select extract(epoch from issued_at)::float8, weather, weather_id, weather_source, extract(epoch from weather_issued_at)::float8,
       members, sensors::text, limit_c
from road_forecast_issue where forecast_id = %(forecast_id)s

-- rows
select segment_id, surface_c::float8, deviation_c::float8, source, condition, water_mm::float8, salt_g_m2::float8,
       array_send(hours)
from road_forecast
where forecast_id = %(forecast_id)s
  and issued_at = (select issued_at from road_forecast_issue where forecast_id = %(forecast_id)s)
order by segment_id

-- forget
-- Their rows go with their day.
delete from road_forecast_issue
where issued_at < to_timestamp(%(before_s)s) and issued_at < (select max(issued_at) from road_forecast_issue)

-- drop_days
select drop_road_forecast_days(to_timestamp(%(before_s)s))
