-- road_forecast_issue
select forecast_id, issued_at, weather, weather_source, weather_issued_at, members, segments
from road_forecast_issue order by issued_at desc limit 1

-- road_forecast_subject
-- Which segments a name stands for: a segment's own, a route's; null: all.
select kind, segments from (
    select 'segment' as kind, array_agg(segment_id) as segments from road_segment where segment_id = %(name)s
    union all
    select 'route', array_agg(segment_id) from road_segment where route_id = %(name)s
) s
where segments is not null and (%(kind)s::text is null or kind = %(kind)s) limit 1

-- road_forecast_now
select segment_id, surface_c, deviation_c, source, condition, water_mm, salt_g_m2, off_c
from road_forecast where forecast_id = %(forecast_id)s and segment_id = any(%(segments)s::text[])
order by surface_c, segment_id

-- road_forecast_hours
-- Of several stretches the coldest and the likeliest each: what a route is judged by.
select hour, at, min(low_c)::float8 as low_c, min(middle_c)::float8 as middle_c, min(high_c)::float8 as high_c,
       max(below_zero)::float8 as below_zero, max(ice)::float8 as ice, max(film_mm)::float8 as film_mm,
       max(deposit_mm)::float8 as deposit_mm, max(rain_mm_h)::float8 as rain_mm_h, max(snow_mm_h)::float8 as snow_mm_h,
       (array_agg(segment_id order by middle_c, segment_id))[1] as coldest
from road_forecast_hour
where forecast_id = %(forecast_id)s
  and (%(segments)s::text[] is null or segment_id = any(%(segments)s::text[]))
group by hour, at order by hour
