-- add
-- Nothing comes back where the very same is there already.
insert into weather_forecast (place, latitude_deg, longitude_deg, altitude_m, source, issued_at, from_at, hours,
    air_c, dew_point_c, wind_m_s, cloud, precipitation_mm_h, snow_mm_h, pressure_hpa, shortwave_w_m2, longwave_w_m2, digest, by)
values (%(place)s, %(latitude_deg)s, %(longitude_deg)s, %(altitude_m)s, %(source)s, to_timestamp(%(issued_s)s),
    to_timestamp(%(from_s)s), %(hours)s, %(air_c)s, %(dew_point_c)s, %(wind_m_s)s, %(cloud)s, %(precipitation_mm_h)s,
    %(snow_mm_h)s, %(pressure_hpa)s, %(shortwave_w_m2)s, %(longwave_w_m2)s, %(digest)s, %(by)s)
on conflict (digest) do nothing
returning forecast_id

-- of_digest
select forecast_id from weather_forecast where digest = %(digest)s

-- newest
-- The pairs of place and source are few: each is found by a step through the index, and its newest by another.
with recursive pair as (
    (select place, source from weather_forecast
      where %(place)s::text is null or place = %(place)s order by place, source limit 1)
    union all
    select n.place, n.source from pair p cross join lateral (
        select w.place, w.source from weather_forecast w
         where (w.place, w.source) > (p.place, p.source) and (%(place)s::text is null or w.place = %(place)s)
         order by w.place, w.source limit 1) n
)
select f.forecast_id, f.place, f.latitude_deg, f.longitude_deg, f.altitude_m, f.source,
       extract(epoch from f.issued_at)::float8 as issued_s, extract(epoch from f.from_at)::float8 as from_s, f.hours,
       f.air_c, f.dew_point_c, f.wind_m_s, f.cloud, f.precipitation_mm_h, f.snow_mm_h, f.pressure_hpa,
       f.shortwave_w_m2, f.longwave_w_m2, extract(epoch from f.received_at)::float8 as received_s, f.by
from pair p cross join lateral (
    select * from weather_forecast w
     where w.place = p.place and w.source = p.source and w.issued_at <= to_timestamp(%(at_s)s)
     order by w.issued_at desc, w.forecast_id desc limit 1) f
order by f.place collate "C", f.issued_at desc, f.source collate "C"

-- by_id
select f.forecast_id, f.place, f.latitude_deg, f.longitude_deg, f.altitude_m, f.source,
       extract(epoch from f.issued_at)::float8 as issued_s, extract(epoch from f.from_at)::float8 as from_s, f.hours,
       f.air_c, f.dew_point_c, f.wind_m_s, f.cloud, f.precipitation_mm_h, f.snow_mm_h, f.pressure_hpa,
       f.shortwave_w_m2, f.longwave_w_m2, extract(epoch from f.received_at)::float8 as received_s, f.by
from weather_forecast f where f.forecast_id = %(forecast_id)s

-- listed
select forecast_id, place, source, extract(epoch from issued_at)::float8 as issued_s,
       extract(epoch from from_at)::float8 as from_s, extract(epoch from from_at)::float8 + 3600.0 * (hours - 1) as to_s,
       extract(epoch from received_at)::float8 as received_s, by
from weather_forecast
where (%(place)s::text is null or place = %(place)s) and (%(before_id)s::bigint is null or forecast_id < %(before_id)s)
order by forecast_id desc limit %(limit)s
