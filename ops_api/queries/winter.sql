-- road_issue
select forecast_id, issued_at from road_forecast_issue order by issued_at desc limit 1

-- fresh_forecast
-- How old a road forecast may be: as the live catalogue says it.
select c.files ->> 'winter_forecast_stale.toml' as toml
from rule_cursor r join catalogue_version c using (catalogue_id) where r.service = 'rules'

-- road_issues
select forecast_id, issued_at, weather, weather_source, weather_issued_at
from road_forecast_issue where issued_at >= %(from)s and issued_at < %(to)s order by issued_at

-- route_segments
select segment_id, street, route_id from road_segment where route_id is not null order by segment_id

-- network_print
-- Differs where a stretch came, went, moved or changed its name or route: what a map is drawn of.
select stretches, print::text as print from road_map_print

-- stretches_stand
-- Differs where what the board says of stretches may: the rules moved on, or the network changed.
select (select max(updated_at) from rule_cursor) as rules, print::text as print from road_map_print

-- stretches
-- Without their lines: those are the map's.
select s.segment_id, s.street, s.width_m, s.bridge, s.route_id, st.at, st.state
from road_segment s
left join subject_state st on st.subject_kind = 'segment' and st.subject = s.segment_id
order by s.segment_id

-- roads_now
select segment_id, st.at, st.state ->> 'state' as state, (st.state ->> 'surface_temperature_c')::float8 as surface_c,
       st.state ->> 'source' as source
from road_segment s join subject_state st on st.subject_kind = 'segment' and st.subject = s.segment_id
order by segment_id

-- segment_now
select s.segment_id, s.street, s.bridge, s.length_m, s.route_id, r.label as route, d.name as device, st.at, st.state
from road_segment s left join gritting_route r using (route_id)
left join device d on d.device_id = s.device_id and d.retired_at is null
left join subject_state st on st.subject_kind = 'segment' and st.subject = s.segment_id
where s.segment_id = %(segment_id)s

-- route_answers
-- Of each route: the newest decision, the newest act about it, and the newest act about anything on the route.
select r.route_id, d.decision_id, d.decided_at, d.outcome,
       mine.what, mine.at, mine.by, mine.treatment is not null as stands,
       last.ref as last_ref, last.what as last_what, last.at as last_at, last.by as last_by,
       last.at < d.decided_at and last.treatment ->> 'start_s' is not null
           and to_timestamp((last.treatment ->> 'start_s')::float8) > d.decided_at and d.treated = 0 as last_not_needed
from gritting_route r
left join lateral (
    select decision_id, decided_at, outcome, coalesce((result ->> 'treated_segments')::int, 0) as treated from decision
    where subject_kind = 'route' and subject = r.route_id and rule_id = 'winter.gritting' and decided_at >= %(since)s
    order by decided_at desc, decision_id desc limit 1) d on true
left join lateral (
    select what, at, by, treatment from treatment_act where ref = 'P' || d.decision_id
    order by act_id desc limit 1) mine on true
left join lateral (
    select ref, what, at, by, treatment from treatment_act where route_id = r.route_id and at >= %(since)s
    order by act_id desc limit 1) last on true
order by r.priority, r.route_id

-- route_decision
select decision_id, decided_at, outcome, reason, inputs, result #- '{drive}' as result, expected, missing, missing_devices,
       would_change
from decision
where subject_kind = 'route' and subject = %(route_id)s and rule_id = 'winter.gritting'
order by decided_at desc, decision_id desc limit 1

-- night_decisions
-- What is driven is counted, not given: a night's list needs no ways.
select decision_id, subject as route_id, decided_at as at, outcome, reason, result #- '{drive}' as result,
       exists (select from treatment_act a where a.ref = 'P' || decision_id) as answered
from decision
where rule_id = 'winter.gritting' and subject_kind = 'route' and decided_at >= %(from)s and decided_at < %(to)s
order by decided_at, decision_id

-- night_acts
select act_id, ref, route_id, what, at, by, role, reason, treatment
from treatment_act where at >= %(from)s and at < %(to)s order by act_id

-- log_stand
-- Differs where anything was added to a night's log, but for what lorries do.
select (select max(act_id) from treatment_act) as acts, (select max(decision_id) from decision) as decisions,
       (select max(event_id) from event) as events, (select max(log_id) from alarm_log_head) as alarms,
       (select max(forecast_id) from road_forecast_issue) as forecasts

-- night_alarms
-- Of the winter rules, and of sensors that fell silent on a route or by themselves.
select alarm_id, rule_id, subject_kind, subject, severity, raised_at, cleared_at, title, reason
from alarm
where (rule_id like 'winter.%%' or (rule_id = 'device.silent' and (subject_kind = 'route' or subject in ('road', 'weather', 'gritter'))))
  and raised_at < %(to)s and coalesce(cleared_at, raised_at) >= %(from)s
order by raised_at, alarm_id

-- night_sensors
select subject as device, at, detail from event
where kind = 'sensor_judged' and at >= %(from)s and at < %(to)s order by at, event_id

-- night_lorries
-- A trip ends where a lorry has not moved or spread for a quarter of an hour. Salt: what the load became less by.
with fixes as (
    select device_id, ts, coalesce(spread_rate_g_m2, 0) > 0 as spreads, salt_remaining_kg as salt_kg,
           lag(ts) over lorry as before, lag(salt_remaining_kg) over lorry as salt_before_kg
    from gritter_reading
    where ts >= %(from)s and ts < %(to)s and quality & 2 = 0 and (speed_m_s > 0.5 or spread_rate_g_m2 > 0)
    window lorry as (partition by device_id order by ts)
), trips as (
    select *, count(*) filter (where before is null or ts - before > interval '15 minutes')
              over (partition by device_id order by ts) as trip
    from fixes
)
select d.name as device, min(t.ts) as out_at, max(t.ts) as last_at,
       min(t.ts) filter (where t.spreads) as spread_from, max(t.ts) filter (where t.spreads) as spread_to,
       coalesce(sum(greatest(t.salt_before_kg - t.salt_kg, 0)) filter (where t.ts - t.before <= interval '15 minutes'), 0)::float8 as salt_kg
from trips t join device d using (device_id)
group by d.name, t.trip order by out_at, d.name
