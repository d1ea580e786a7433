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

-- treated
select subject, state::text as state from rule_state where rule_id = 'treated' and version = %(version)s order by subject

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
