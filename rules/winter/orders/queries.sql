-- lock
-- One writes at a time: acts are numbered and chained in the order in which they are committed.
select pg_advisory_xact_lock(hashtext('cityops.orders'))

-- decisions
select decision_id, subject as route_id, extract(epoch from decided_at)::float8 as at_s, outcome, reason,
       rule_version, catalogue_id, inputs, result #- '{drive,geometry}' as result
from decision
where rule_id = 'winter.gritting' and subject_kind = 'route'
  and decided_at >= to_timestamp(%(from_s)s) and decided_at < to_timestamp(%(to_s)s)
  and (%(route_id)s::text is null or subject = %(route_id)s)
order by decision_id

-- newest
select (select coalesce(max(decision_id), 0) from decision) as decision_id,
       (select coalesce(max(act_id), 0) from treatment_act) as act_id

-- waiting
-- The newest decision on each route, where it asks something that nobody has answered: older ones no longer matter.
-- Without its inputs, as this is read every few seconds.
select d.decision_id, r.route_id, extract(epoch from d.decided_at)::float8 as at_s, d.outcome, d.reason, d.rule_version,
       d.catalogue_id, '{}'::jsonb as inputs, d.result #- '{drive,geometry}' as result
from gritting_route r cross join lateral (
    select * from decision
    where subject_kind = 'route' and subject = r.route_id and rule_id = 'winter.gritting'
      and decided_at >= to_timestamp(%(since_s)s)
    order by decided_at desc, decision_id desc limit 1) d
where not d.outcome = any (%(quiet)s)
  and not exists (select from treatment_act a where a.ref = 'P' || d.decision_id and a.what <> 'unanswered')
order by d.decision_id

-- one_decision
-- A decision, and the next on its route, which takes its place where nobody has answered.
with wanted as (
    select decision_id, subject, decided_at from decision
    where decision_id = %(decision_id)s and rule_id = 'winter.gritting' and subject_kind = 'route'
)
select decision_id, subject as route_id, extract(epoch from decided_at)::float8 as at_s, outcome, reason,
       rule_version, catalogue_id, inputs, result #- '{drive,geometry}' as result
from decision
where decision_id in (
    select decision_id from wanted
    union
    (select d.decision_id from decision d, wanted w
     where d.rule_id = 'winter.gritting' and d.subject_kind = 'route' and d.subject = w.subject
       and d.decided_at >= w.decided_at and d.decision_id > w.decision_id
     order by d.decision_id limit 1))
order by decision_id

-- acts
-- Those about some refs, and all about orders of officers' own that were given in a time.
select act_id, ref, route_id, decision_id, what, extract(epoch from at)::float8 as at_s, by, role, via, reason,
       treatment, seen, request_id, link, extract(epoch from recorded_at)::float8 as recorded_s
from treatment_act
where ref = any (%(refs)s)
   or thread in (select act_id from treatment_act
                 where what = 'ordered' and at >= to_timestamp(%(from_s)s) and at < to_timestamp(%(to_s)s)
                   and (%(route_id)s::text is null or route_id = %(route_id)s))
order by act_id

-- all_acts
select act_id, ref, route_id, decision_id, what, extract(epoch from at)::float8 as at_s, by, role, via, reason,
       treatment, seen, request_id, link, extract(epoch from recorded_at)::float8 as recorded_s
from treatment_act order by act_id

-- routes
select r.route_id, r.label, coalesce(array_agg(s.segment_id order by s.segment_id)
       filter (where s.segment_id is not null), '{}') as segments
from gritting_route r left join road_segment s using (route_id)
where %(route_id)s::text is null or r.route_id = %(route_id)s
group by r.route_id, r.label, r.priority
order by r.priority, r.route_id

-- known_request
select act_id, ref, route_id, decision_id, what, extract(epoch from at)::float8 as at_s, by, role, via, reason,
       treatment, seen, request_id, link, extract(epoch from recorded_at)::float8 as recorded_s
from treatment_act where request_id = %(request_id)s

-- last
select act_id, link from treatment_act order by act_id desc limit 1

-- seen
-- What is on the desk: roads of the route, the weather, the catalogue and where the rules stand.
select jsonb_build_object(
    'route', (select state #- '{drive}' from subject_state where subject_kind = 'route' and subject = %(route_id)s),
    'roads', coalesce((
        select jsonb_agg(jsonb_build_object(
            'segment_id', s.segment_id, 'at', x.at, 'state', x.state -> 'state',
            'surface_temperature_c', x.state -> 'surface_temperature_c', 'source', x.state -> 'source'
        ) order by s.segment_id)
        from road_segment s join subject_state x on x.subject_kind = 'segment' and x.subject = s.segment_id
        where s.route_id = %(route_id)s), '[]'),
    'weather', coalesce((
        select jsonb_agg(jsonb_build_object('device', d.name) || (to_jsonb(w) - 'device_id' - 'seq' - 'boot' - 'received_at')
                         order by d.name)
        from weather_latest w join device d using (device_id)), '[]'),
    'catalogue', (select jsonb_build_object('catalogue_id', c.catalogue_id, 'sha256', c.sha256)
                  from rule_cursor r join catalogue_version c using (catalogue_id) where r.service = 'rules'),
    'rules_at', (select event_time from rule_cursor where service = 'rules')
)::text as seen

-- event_time
select extract(epoch from event_time)::float8 as at_s from rule_cursor where service = 'rules'

-- add_batch
-- The rules follow batches in commit order: an act is one more. Its time of receipt is its own alone.
insert into ingest_batch (received_at, kinds)
values (%(received_at)s, jsonb_build_object('order', jsonb_build_object(
    'rows', %(rows)s::integer, 'min_ts', to_timestamp(%(counts_s)s), 'max_ts', to_timestamp(%(counts_s)s))))
on conflict (received_at) do nothing
returning batch_id, pg_notify('cityops_batch', batch_id::text)

-- add_act
insert into treatment_act (act_id, ref, route_id, decision_id, what, at, by, role, via, reason, treatment, seen,
                           request_id, link, recorded_at, received_at, counts_at, thread, answers_at)
values (%(act_id)s, %(ref)s, %(route_id)s, %(decision_id)s, %(what)s, to_timestamp(%(at_s)s), %(by)s, %(role)s,
        %(via)s, %(reason)s, %(treatment)s::jsonb, %(seen)s::jsonb, %(request_id)s, %(link)s, clock_timestamp(),
        %(received_at)s, to_timestamp(%(counts_s)s), %(thread)s, to_timestamp(%(answers_s)s))
returning extract(epoch from recorded_at)::float8

-- thread
select min(act_id) from treatment_act where ref = %(ref)s

-- open_alarms
select alarm_id, rule_id, subject_kind, subject, severity, extract(epoch from raised_at)::float8, flapping
from alarm where cleared_at is null and rule_id = %(rule_id)s
order by subject

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)
