-- decisions
select decision_id, subject as route_id, extract(epoch from decided_at)::float8 as at_s, outcome, reason, rule_version,
       catalogue_id, inputs, result #- '{drive,geometry}' as result, expected, missing, missing_devices,
       extract(epoch from created_at)::float8 as created_s
from decision
where rule_id = 'winter.gritting' and subject_kind = 'route'
  and decided_at >= to_timestamp(%(from_s)s) and decided_at < to_timestamp(%(to_s)s)
order by decision_id

-- alarms
select a.alarm_id, a.rule_id, a.subject, a.severity, extract(epoch from a.raised_at)::float8 as raised_s,
       extract(epoch from a.cleared_at)::float8 as cleared_s, a.title, a.reason, a.inputs,
       (select coalesce(jsonb_agg(jsonb_build_object('at_s', extract(epoch from l.at), 'actor', l.actor, 'by', l.by,
               'what', l.what, 'detail', l.detail) order by l.log_id), '[]') from alarm_log l where l.alarm_id = a.alarm_id) as log
from alarm a
where starts_with(a.rule_id, 'winter.') and a.raised_at < to_timestamp(%(to_s)s)
  and (a.cleared_at is null or a.cleared_at >= to_timestamp(%(from_s)s))
order by a.alarm_id

-- catalogues
select catalogue_id, label, sha256, files, extract(epoch from created_at)::float8 as created_s, created_by
from catalogue_version where catalogue_id = any (%(ids)s) order by catalogue_id

-- there
select to_regclass(%(name)s) is not null

-- weather_forecast
select to_jsonb(f) as forecast from weather_forecast f
where f.issued_at >= to_timestamp(%(from_s)s) - interval '1 day' and f.issued_at < to_timestamp(%(to_s)s)
order by f.issued_at, f.forecast_id

-- road_forecast_issue
select to_jsonb(f) as forecast from road_forecast_issue f
where f.issued_at >= to_timestamp(%(from_s)s) - interval '6 hours' and f.issued_at < to_timestamp(%(to_s)s)
order by f.issued_at

-- road_readings
select d.name, to_jsonb(r) - 'device_id' as reading from road_reading r join device d using (device_id)
where r.ts >= to_timestamp(%(from_s)s) and r.ts < to_timestamp(%(to_s)s) order by d.name, r.ts, r.seq

-- weather_readings
select d.name, to_jsonb(r) - 'device_id' as reading from weather_reading r join device d using (device_id)
where r.ts >= to_timestamp(%(from_s)s) and r.ts < to_timestamp(%(to_s)s) order by d.name, r.ts, r.seq

-- gritter_readings
select d.name, to_jsonb(r) - 'device_id' as reading from gritter_reading r join device d using (device_id)
where r.ts >= to_timestamp(%(from_s)s) and r.ts < to_timestamp(%(to_s)s) order by d.name, r.ts, r.seq

-- hours
-- Of the road forecasts that decisions used, the stretches that they were about; as lines, since there are many.
with used as (
    select distinct (d.inputs -> 'road_forecast' ->> 'issued_at')::timestamptz as issued_at, s ->> 'segment_id' as segment_id
    from decision d cross join jsonb_array_elements(d.inputs -> 'segments') s
    where d.rule_id = 'winter.gritting' and d.subject_kind = 'route'
      and d.decided_at >= to_timestamp(%(from_s)s) and d.decided_at < to_timestamp(%(to_s)s)
      and d.inputs -> 'road_forecast' ->> 'used' = 'true'
), issues as (
    select forecast_id, date_trunc('second', issued_at) as issued_at from road_forecast_issue
    where issued_at >= to_timestamp(%(from_s)s) - interval '6 hours' and issued_at < to_timestamp(%(to_s)s)
)
select to_char(i.issued_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24MISS"Z"') as issued,
       string_agg(concat_ws(',', h.segment_id, extract(epoch from h.at)::bigint, coalesce(h.low_c::float8::text, ''),
           coalesce(h.middle_c::float8::text, ''), coalesce(h.high_c::float8::text, ''), coalesce(h.below_zero::float8::text, ''),
           coalesce(h.ice::float8::text, ''), coalesce(h.film_mm::float8::text, ''), coalesce(h.deposit_mm::float8::text, ''),
           coalesce(h.rain_mm_h::float8::text, ''), coalesce(h.snow_mm_h::float8::text, '')), E'\n' order by h.segment_id, h.hour) as lines
from issues i join used u using (issued_at) join road_forecast_hour h on (h.forecast_id, h.segment_id) = (i.forecast_id, u.segment_id)
group by i.issued_at order by i.issued_at

-- due
-- Nights with a decision of the rules, an act of an officer or a pass of a gritter, and from October to April those in which a
-- road sensor measured: a night in which nothing was done is asked for too. Without those of which a record is kept.
select n.night
from unnest(%(nights)s::date[], %(from_s)s::float8[], %(to_s)s::float8[]) as n(night, from_s, to_s)
where not exists (select from winter_record r where r.night = n.night)
  and (exists (select from decision d where d.rule_id = 'winter.gritting' and d.subject_kind = 'route'
               and d.decided_at >= to_timestamp(n.from_s) and d.decided_at < to_timestamp(n.to_s))
       or (extract(month from n.night) not between 5 and 9
           and exists (select from road_reading r where r.ts >= to_timestamp(n.from_s) and r.ts < to_timestamp(n.to_s)))
       or exists (select from treatment_act a where a.at >= to_timestamp(n.from_s) and a.at < to_timestamp(n.to_s))
       or exists (select from treatment_pass p where p.at >= to_timestamp(n.from_s) and p.at < to_timestamp(n.to_s)))
order by n.night

-- counted
select (select extract(epoch from settled_at)::float8 from rule_cursor where service = 'rules') as at_s

-- record
select extract(epoch from made_at)::float8 as made_s, pack_id, key_id, sha256, pack from winter_record where night = %(night)s

-- put_record
insert into winter_record (night, pack_id, key_id, sha256, pack)
values (%(night)s, %(pack_id)s, %(key_id)s, %(sha256)s, %(pack)s) on conflict (night) do nothing returning record_id
