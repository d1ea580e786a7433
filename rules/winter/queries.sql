-- passes
select what, segment_id, lorry, extract(epoch from at)::float8 as at_s, g_m2, low, high,
       extract(epoch from from_at)::float8 as from_s, extract(epoch from to_at)::float8 as to_s, rain_mm
from treatment_pass where at >= to_timestamp(%(from_s)s) and at < to_timestamp(%(to_s)s) order by pass_id

-- kept
-- What tells whether something of a night is no longer kept: road forecasts that decisions used, and those that are there.
with decided as (
    select decision_id, created_at, date_trunc('second', case when inputs -> 'road_forecast' ->> 'used' = 'true'
           then (inputs -> 'road_forecast' ->> 'issued_at')::timestamptz end) as issued_at
    from decision
    where rule_id = 'winter.gritting' and subject_kind = 'route'
      and decided_at >= to_timestamp(%(from_s)s) and decided_at < to_timestamp(%(to_s)s)
)
select extract(epoch from now())::float8 as now_s,
       (select extract(epoch from min(applied_at))::float8 from schema_history
        where kind = 'migration' and name like '%%treatment_pass') as logged_s,
       extract(epoch from min(created_at))::float8 as decided_s,
       coalesce(array_agg(distinct extract(epoch from issued_at)::float8) filter (where issued_at is not null), '{}') as used_s,
       (select coalesce(array_agg(extract(epoch from date_trunc('second', i.issued_at))::float8), '{}') from road_forecast_issue i
        where i.issued_at >= to_timestamp(%(from_s)s) - interval '6 hours' and i.issued_at < to_timestamp(%(to_s)s)) as there_s
from decided
