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
from road_forecast
where forecast_id = %(forecast_id)s and segment_id = any(%(segments)s::text[])
  and issued_at = (select issued_at from road_forecast_issue where forecast_id = %(forecast_id)s)
order by surface_c, segment_id

-- road_forecast_hours
-- Of several stretches the coldest and the likeliest each: what a route is judged by. Whole numbers until there is one row an hour.
select hour, issued_at + hour * interval '1 hour' as at, min(low) / 100.0::float8 as low_c, min(middle) / 100.0::float8 as middle_c,
       min(high) / 100.0::float8 as high_c, max(below) / 10000.0::float8 as below_zero, max(ice) / 10000.0::float8 as ice,
       max(film) / 1000.0::float8 as film_mm, max(deposit) / 1000.0::float8 as deposit_mm, max(rain) / 100.0::float8 as rain_mm_h,
       max(snow) / 100.0::float8 as snow_mm_h,
       substr(min((coalesce(middle, 32767) + 1100000)::text || segment_id collate "C"), 8) as coldest
from (
    select h.hour, f.issued_at, f.segment_id, nullif(f.hours[1][h.hour], -32768) as low, nullif(f.hours[2][h.hour], -32768) as middle,
           nullif(f.hours[3][h.hour], -32768) as high, nullif(f.hours[4][h.hour], -32768) as below,
           nullif(f.hours[5][h.hour], -32768) as ice, nullif(f.hours[6][h.hour], -32768) as film,
           nullif(f.hours[7][h.hour], -32768) as deposit, nullif(f.hours[8][h.hour], -32768) as rain,
           nullif(f.hours[9][h.hour], -32768) as snow
    from road_forecast f cross join generate_series(1, %(hours)s) as h(hour)
    where f.forecast_id = %(forecast_id)s
      and f.issued_at = (select issued_at from road_forecast_issue where forecast_id = %(forecast_id)s)
      and (%(segments)s::text[] is null or f.segment_id = any(%(segments)s::text[]))
) said
group by hour, issued_at order by hour
