-- lock
-- One writes at a time: acts are numbered in the order in which they are committed.
select pg_advisory_xact_lock(hashtext('cityops.incidents'))

-- try_lock
select pg_try_advisory_xact_lock(hashtext('cityops.incidents'))

-- newest
-- What a look reads has not changed while none of these has.
select coalesce((select max(log_id) from alarm_log), 0) as alarm_log,
       coalesce((select max(act_id) from collection_act), 0) as collection_act,
       coalesce((select max(event_id) from event), 0) as event,
       coalesce((select max(act_id) from incident_act), 0) as incident_act

-- cursor
select alarm_log, collection_act, event, incident_act from incident_cursor

-- move_cursor
insert into incident_cursor (alarm_log, collection_act, event, incident_act, looked_at)
values (%(alarm_log)s, %(collection_act)s, %(event)s, %(incident_act)s, clock_timestamp())
on conflict (one) do update set alarm_log = excluded.alarm_log, collection_act = excluded.collection_act,
    event = excluded.event, incident_act = excluded.incident_act, looked_at = excluded.looked_at

-- alarms
-- Alarms that take part, of a group alarm each member, each time that it joined; none of a home, nor of a device that is or
-- was in one. Those that are up or ended within the longest window, and all that belong to incidents that live.
with mine as (
    select s.key, s.alarm_id from incident_signal s join incident i using (incident_id)
    where s.alarm_id is not null and i.state in ('proposed', 'open', 'contained')
), a as (
    select * from alarm
    where (cleared_at is null or cleared_at >= to_timestamp(%(since_s)s) or alarm_id in (select alarm_id from mine))
      and subject_kind <> 'home' and split_part(rule_id, '.', 1) = any (%(heads)s) and not rule_id = any (%(left_out)s)
), m as (
    select m.*, row_number() over (partition by alarm_id, kind, subject order by joined_at) as nth
      from alarm_member m where alarm_id in (select alarm_id from a)
), one as (
    select 'alarm:' || alarm_id as key, alarm_id, rule_id, subject_kind as kind, subject, severity, raised_at as at,
           cleared_at as ended, title
      from a where not is_group
    union all
    select 'alarm:' || m.alarm_id || ':' || m.kind || ':' || m.subject || case when nth > 1 then ':' || nth else '' end,
           m.alarm_id, a.rule_id, m.kind, m.subject, m.severity, m.joined_at, coalesce(m.left_at, a.cleared_at), a.title
      from a join m using (alarm_id)
)
select o.key, o.alarm_id, o.rule_id, o.kind, o.subject, o.severity, extract(epoch from o.at)::float8 as at_s,
       extract(epoch from o.ended)::float8 as ended_s, o.title,
       coalesce(b.latitude_deg, db.latitude_deg, d.latitude_deg) as latitude_deg,
       coalesce(b.longitude_deg, db.longitude_deg, d.longitude_deg) as longitude_deg,
       coalesce(s.segment_id, ds.segment_id) as segment_id,
       coalesce(b.street, db.street, s.street, ds.street, '') as street
  from one o
  left join bin_site b on o.kind = 'bin' and b.bin_id = o.subject
  left join device d on o.kind = 'device' and d.name = o.subject
  left join bin_site db on db.device_id = d.device_id
  left join road_segment s on o.kind = 'segment' and s.segment_id = o.subject
  left join lateral (select segment_id, street from road_segment x where x.device_id = d.device_id limit 1) ds on true
 where (o.ended is null or o.ended >= to_timestamp(%(since_s)s) or o.key in (select key from mine))
   and not (o.kind = 'device' and is_private(o.subject))
 order by o.key

-- reports
-- What residents say, where it is: a bin's own place; a missed collection's is the street's that is nearest, as nobody is
-- to be found by it.
with mine as (
    select s.key from incident_signal s join incident i using (incident_id)
    where s.service = 'reports' and i.state in ('proposed', 'open', 'contained')
)
select 'report:' || a.act_id as key, a.what, b.bin_id, extract(epoch from a.at)::float8 as at_s,
       extract(epoch from least(x.at, case when a.at + make_interval(secs => %(told_s)s) < to_timestamp(%(now_s)s) then a.at + make_interval(secs => %(told_s)s) end))::float8 as ended_s,
       coalesce(b.latitude_deg, n.latitude_deg) as latitude_deg, coalesce(b.longitude_deg, n.longitude_deg) as longitude_deg,
       coalesce(b.street, n.street, '') as street
  from collection_act a
  left join bin_site b on a.ref = 'bin:' || b.bin_id
  left join premises p on a.ref = 'uprn:' || p.uprn
  left join lateral (
    select s.street, (f.latitude_deg + t.latitude_deg) / 2 as latitude_deg, (f.longitude_deg + t.longitude_deg) / 2 as longitude_deg
      from road_segment s join road_node f on f.node_id = s.from_node join road_node t on t.node_id = s.to_node
     where p.latitude_deg is not null
     order by ((f.latitude_deg + t.latitude_deg) / 2 - p.latitude_deg) ^ 2
            + (((f.longitude_deg + t.longitude_deg) / 2 - p.longitude_deg) * cos(radians(p.latitude_deg))) ^ 2
     limit 1) n on true
  left join lateral (
    select min(o.at) as at from collection_act o
     where o.act_id > a.act_id and (o.withdraws = a.act_id or (o.ref = a.ref and o.what = 1))) x on true
 where a.role = 'resident' and a.what in (5, 6, 7, 9) and (b.bin_id is not null or p.uprn is not null)
   and (a.at >= to_timestamp(%(since_s)s) or 'report:' || a.act_id in (select key from mine))
 order by a.act_id

-- events
with mine as (
    select s.key from incident_signal s join incident i using (incident_id)
    where s.rule_id like 'event.%%' and i.state in ('proposed', 'open', 'contained')
)
select 'event:' || e.event_id as key, e.kind as what, e.subject_kind as kind, e.subject,
       extract(epoch from e.at)::float8 as at_s,
       extract(epoch from least(x.at, case when e.at + make_interval(secs => %(told_s)s) < to_timestamp(%(now_s)s) then e.at + make_interval(secs => %(told_s)s) end))::float8 as ended_s,
       b.latitude_deg, b.longitude_deg, s.segment_id, coalesce(b.street, s.street, '') as street
  from event e
  left join bin_site b on e.subject_kind = 'bin' and b.bin_id = e.subject
  left join road_segment s on e.subject_kind = 'segment' and s.segment_id = e.subject
  left join lateral (
    select min(o.at) as at from event o
     where o.subject_kind = e.subject_kind and o.subject = e.subject and o.at > e.at
       and o.kind = replace(e.kind, '_began', '_ended') and o.kind <> e.kind) x on true
 where e.kind = any (%(kinds)s) and (b.bin_id is not null or s.segment_id is not null)
   and (e.at >= to_timestamp(%(since_s)s) or 'event:' || e.event_id in (select key from mine))
 order by e.event_id

-- middles
-- The middle of stretches of road; without a drawn line of their ends.
select s.segment_id,
       coalesce((s.geometry -> (jsonb_array_length(s.geometry) / 2) ->> 1)::float8, (f.latitude_deg + t.latitude_deg) / 2) as latitude_deg,
       coalesce((s.geometry -> (jsonb_array_length(s.geometry) / 2) ->> 0)::float8, (f.longitude_deg + t.longitude_deg) / 2) as longitude_deg
  from road_segment s join road_node f on f.node_id = s.from_node join road_node t on t.node_id = s.to_node
 where s.segment_id = any (%(ids)s)

-- belongs
select key, incident_id from incident_signal where key = any (%(keys)s)

-- over
-- How bad signals were in incidents that are over.
select s.key, s.severity from incident_signal s join incident i using (incident_id)
 where s.key = any (%(keys)s) and i.state not in ('proposed', 'open', 'contained')

-- kept_signals
-- As they were when they were last seen: of incidents that live, or of one.
select s.key, s.incident_id, s.document::text as document
  from incident_signal s join incident i using (incident_id)
 where (%(incident_id)s::bigint is null and i.state in ('proposed', 'open', 'contained')) or s.incident_id = %(incident_id)s
 order by s.at, s.key

-- put_signal
insert into incident_signal (key, incident_id, alarm_id, service, rule_id, severity, at, ended_at, document)
values (%(key)s, %(incident_id)s, %(alarm_id)s, %(service)s, %(rule_id)s, %(severity)s, to_timestamp(%(at_s)s),
        to_timestamp(%(ended_s)s), %(document)s::jsonb)
on conflict (key) do update set incident_id = excluded.incident_id, severity = excluded.severity,
    at = excluded.at, ended_at = excluded.ended_at, document = excluded.document

-- move_signals
update incident_signal set incident_id = %(incident_id)s where key = any (%(keys)s)

-- live
select document::text as document from incident where state in ('proposed', 'open', 'contained') order by incident_id

-- listed
select document::text as document from incident
 where (%(live)s and state in ('proposed', 'open', 'contained'))
    or (%(since_s)s::float8 is not null and changed_at >= to_timestamp(%(since_s)s))
 order by incident_id

-- one
select document::text as document from incident where incident_id = %(incident_id)s

-- put_incident
insert into incident (incident_id, state, severity, title, place, services, signals, up, latitude_deg, longitude_deg, reach_m,
                      has_owner, made_at, opened_at, contained_at, closed_at, changed_at, open_tasks, document)
values (%(incident_id)s, %(state)s, %(severity)s, %(title)s, %(place)s, %(services)s, %(signals)s, %(up)s, %(latitude_deg)s,
        %(longitude_deg)s, %(reach_m)s, %(has_owner)s, to_timestamp(%(made_at_s)s), to_timestamp(%(opened_at_s)s),
        to_timestamp(%(contained_at_s)s), to_timestamp(%(closed_at_s)s), to_timestamp(%(changed_at_s)s), %(open_tasks)s,
        %(document)s::jsonb)
on conflict (incident_id) do update set state = excluded.state, severity = excluded.severity, title = excluded.title,
    place = excluded.place, services = excluded.services, signals = excluded.signals, up = excluded.up,
    latitude_deg = excluded.latitude_deg, longitude_deg = excluded.longitude_deg, reach_m = excluded.reach_m,
    has_owner = excluded.has_owner, opened_at = excluded.opened_at, contained_at = excluded.contained_at,
    closed_at = excluded.closed_at, changed_at = excluded.changed_at, open_tasks = excluded.open_tasks,
    document = excluded.document

-- numbers
select coalesce((select max(incident_id) from incident), 0) + 1 as incident_id,
       coalesce((select max(act_id) from incident_act), 0) + 1 as act_id

-- add_act
insert into incident_act (act_id, incident_id, what, at, by, role, via, text, detail, request_id)
values (%(act_id)s, %(incident_id)s, %(what)s, to_timestamp(%(at_s)s), %(by)s, %(role)s, %(via)s, %(text)s, %(detail)s::jsonb,
        %(request_id)s)

-- acts
-- The newest so many, in order.
select act_id, incident_id, what, extract(epoch from at)::float8 as at_s, by, role, via, text, detail, request_id
  from (select * from incident_act
         where (%(incident_id)s::bigint is null or incident_id = %(incident_id)s)
           and (%(since_s)s::float8 is null or at >= to_timestamp(%(since_s)s)) and act_id > %(after)s
         order by act_id desc limit %(most)s::bigint) newest
 order by act_id

-- known_request
select act_id, incident_id, what, extract(epoch from at)::float8 as at_s, by, role, via, text, detail, request_id
  from incident_act where request_id = %(request_id)s

-- alarm_lines
-- What people and the desk did with alarms of an incident, and how many messages went out. What the engine says of them are
-- the signals themselves.
select extract(epoch from l.at)::float8 as at_s, l.alarm_id, l.actor, l.by, l.what,
       coalesce(l.detail ->> 'text', l.detail ->> 'reason', '') as note, a.title,
       case when l.what = 'told' then (l.detail ->> 'messages')::integer end as messages, coalesce(l.detail ->> 'to', '') as told
  from alarm_log l join alarm a using (alarm_id)
 where l.alarm_id in (select alarm_id from incident_signal where incident_id = %(incident_id)s)
   and a.subject_kind <> 'home'
   and (l.actor = 'person' or (l.what = 'told' and (l.detail ->> 'messages')::integer > 0))
 order by l.log_id desc limit 200

-- order_lines
-- Orders on gritting routes that run through an incident, from some time before it was made.
select extract(epoch from t.at)::float8 as at_s, t.ref, t.route_id, r.label, t.what, t.by, t.reason
  from incident i
  join treatment_act t on t.at >= i.made_at - make_interval(secs => %(before_s)s) and t.at <= coalesce(i.closed_at, 'infinity')
  join gritting_route r using (route_id)
 where i.incident_id = %(incident_id)s and t.route_id in (
    select x.route_id from incident_signal s
      join road_segment x on x.segment_id = s.document ->> 'subject' and s.document ->> 'kind' = 'segment'
     where s.incident_id = %(incident_id)s
    union
    select l ->> 'ref' from jsonb_array_elements(i.document -> 'links') l where l ->> 'kind' = 'route')
 order by t.act_id desc limit 100

-- round_lines
-- What crews said of bins of an incident.
select extract(epoch from c.at)::float8 as at_s, c.what, c.by, c.lorry, c.reason, b.label, b.bin_id
  from incident i
  join incident_signal s using (incident_id)
  join bin_site b on s.document ->> 'kind' = 'bin' and b.bin_id = s.document ->> 'subject'
  join collection_act c on c.ref = 'bin:' || b.bin_id and c.role <> 'resident'
       and c.at >= i.made_at - make_interval(secs => %(before_s)s) and c.at <= coalesce(i.closed_at, 'infinity')
 where i.incident_id = %(incident_id)s
 group by c.act_id, b.label, b.bin_id
 order by c.act_id desc limit 100

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)
