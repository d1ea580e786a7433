-- registry
select jsonb_build_object(
    'name', 'database',
    'devices', coalesce((
        select jsonb_agg(jsonb_build_object(
            'name', name, 'kind', kind, 'shard', shard, 'label', label, 'latitude_deg', latitude_deg,
            'longitude_deg', longitude_deg, 'cadence_s', cadence_s, 'installed_at', installed_at
        ) order by device_id) from device where retired_at is null), '[]'),
    'homes', homes_installed(),
    'nodes', coalesce((
        select jsonb_agg(jsonb_build_object(
            'node_id', node_id, 'latitude_deg', latitude_deg, 'longitude_deg', longitude_deg,
            'turning_place', turning_place
        ) order by node_id) from road_node), '[]'),
    'segments', coalesce((
        select jsonb_agg(jsonb_build_object(
            'segment_id', s.segment_id, 'street', s.street, 'road_class', s.road_class,
            'from_node', s.from_node, 'to_node', s.to_node, 'length_m', s.length_m,
            'width_m', s.width_m, 'one_way', s.one_way, 'bus_route', s.bus_route, 'bridge', s.bridge,
            'sky_view_factor', s.sky_view_factor, 'altitude_m', s.altitude_m, 'route_id', s.route_id,
            'device', d.name, 'geometry', s.geometry, 'ref', s.ref, 'lanes', s.lanes,
            'carriageway', s.carriageway, 'speed_km_h', s.speed_km_h, 'max_weight_t', s.max_weight_t,
            'max_height_m', s.max_height_m, 'max_width_m', s.max_width_m, 'horizon_deg', s.horizon_deg
        ) order by s.segment_id)
        from road_segment s left join device d on d.device_id = s.device_id and d.retired_at is null), '[]'),
    'turn_bans', coalesce((
        select jsonb_agg(jsonb_build_object(
            'ban_id', ban_id, 'from_segment', from_segment, 'via_node', via_node, 'to_segment', to_segment
        ) order by ban_id) from turn_ban), '[]'),
    'depots', coalesce((
        select jsonb_agg(jsonb_build_object(
            'depot_id', depot_id, 'label', label, 'node_id', node_id, 'salt_t', salt_t
        ) order by depot_id) from depot), '[]'),
    'routes', coalesce((
        select jsonb_agg(jsonb_build_object(
            'route_id', route_id, 'label', label, 'depot_id', depot_id, 'priority', priority
        ) order by priority, route_id) from gritting_route), '[]'),
    'bins', coalesce((
        select jsonb_agg(jsonb_build_object(
            'bin_id', b.bin_id, 'label', b.label, 'street', b.street, 'device', d.name,
            'latitude_deg', b.latitude_deg, 'longitude_deg', b.longitude_deg, 'stream', b.stream,
            'empty_distance_mm', b.empty_distance_mm, 'full_distance_mm', b.full_distance_mm,
            'capacity_l', b.capacity_l, 'threshold_pct', b.threshold_pct, 'max_age_days', b.max_age_days,
            'model', b.model, 'place', b.place, 'sensitive', b.sensitive, 'service_s', b.service_s
        ) order by b.bin_id)
        from bin_site b join device d on d.device_id = b.device_id and d.retired_at is null), '[]'),
    'bin_models', coalesce((
        select jsonb_agg(jsonb_build_object(
            'model_id', model_id, 'label', label, 'empty_distance_mm', empty_distance_mm,
            'full_distance_mm', full_distance_mm, 'capacity_l', capacity_l, 'blind_mm', blind_mm,
            'profile', profile, 'device_compensates', device_compensates, 'sentinels_mm', sentinels_mm,
            'step_pct', step_pct
        ) order by model_id) from bin_model), '[]')
)::text

-- start_cursor
insert into rule_cursor (service) values (%(service)s) on conflict do nothing

-- cursor
select xid::text::bigint, extract(epoch from event_time)::float8, extract(epoch from settled_at)::float8,
       waiting_from::text::bigint
from rule_cursor where service = %(service)s

-- memory
select rule_id, subject, version, state::text from rule_state

-- batches
-- A batch of a transaction that began before the oldest one still running is final: no
-- earlier batch can appear any more. Ties: one transaction may have stored several.
select extract(epoch from received_at)::float8, received_at, kinds::text, xid::text::bigint
from ingest_batch
where xid > %(cursor)s::text::xid8 and xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid
fetch first %(limit)s rows with ties

-- waiting_batches
select extract(epoch from received_at)::float8, received_at, kinds::text, xid::text::bigint
from ingest_batch
where xid > %(after)s::text::xid8 and xid <= %(cursor)s::text::xid8
order by xid, received_at

-- pending
select exists (select from ingest_batch where xid > %(cursor)s::text::xid8)

-- settle_wanted
select settle_xid <= %(cursor)s::text::xid8 from rule_cursor where service = %(service)s

-- move_cursor
-- Both: where nothing more comes, what waits counts without the cursor's moving.
update rule_cursor
set xid = %(to_cursor)s::text::xid8, event_time = to_timestamp(%(seen_s)s),
    settled_at = to_timestamp(%(settled_s)s), waiting_from = %(waiting_from)s::text::xid8,
    catalogue_id = coalesce(%(catalogue_id)s::integer, catalogue_id),
    settle_xid = case when %(everything)s and settle_xid <= %(to_cursor)s::text::xid8 then null else settle_xid end,
    -- when they moved: a step that writes without moving does not say that they are at work
    updated_at = case when xid <> %(to_cursor)s::text::xid8 or settled_at is distinct from to_timestamp(%(settled_s)s)
                 then now() else updated_at end
where service = %(service)s and xid = %(from_cursor)s::text::xid8
  and settled_at is not distinct from to_timestamp(%(from_settled_s)s::float8)

-- add_decisions
insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result,
                      expected, missing, missing_devices, would_change)
select rule_id, rule_version, subject_kind, subject, to_timestamp(at_s), outcome, reason, inputs, result,
       expected, missing, missing_devices, would_change
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    rule_id text, rule_version integer, subject_kind text, subject text, at_s float8,
    outcome text, reason text, inputs jsonb, result jsonb,
    expected integer, missing integer, missing_devices text[], would_change jsonb)

-- add_events
insert into event (kind, subject_kind, subject, at, detail)
select kind, subject_kind, subject, to_timestamp(at_s), detail
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    kind text, subject_kind text, subject text, at_s float8, detail jsonb)

-- open_alarms
select a.alarm_id, a.rule_id, a.subject_kind, a.subject, a.severity,
       extract(epoch from a.raised_at)::float8, a.flapping,
       (select coalesce(jsonb_agg(jsonb_build_array(m.kind, m.subject, extract(epoch from m.joined_at)::float8)), '[]')
        from alarm_member m where m.alarm_id = a.alarm_id and m.left_at is null)::text
from alarm a where a.cleared_at is null
order by a.rule_id, a.subject_kind, a.subject

-- lock_alarms
-- The rows first, in one order for everybody: whoever writes an alarm's log has locked the alarm.
select a.alarm_id, a.rule_id, a.subject_kind, a.subject, a.severity,
       extract(epoch from a.raised_at)::float8, a.flapping,
       (select coalesce(jsonb_agg(jsonb_build_array(m.kind, m.subject, extract(epoch from m.joined_at)::float8)), '[]')
        from alarm_member m where m.alarm_id = a.alarm_id and m.left_at is null)::text
from alarm a
join jsonb_to_recordset(%(rows)s::jsonb) as x(rule_id text, subject_kind text, subject text)
  using (rule_id, subject_kind, subject)
where a.cleared_at is null
order by a.rule_id, a.subject_kind, a.subject
for update of a

-- alarm_ids
select nextval(pg_get_serial_sequence('alarm', 'alarm_id')) from generate_series(1, %(n)s)

-- change_alarms
update alarm a
set severity = coalesce(x.severity, a.severity), title = coalesce(x.title, a.title),
    reason = coalesce(x.reason, a.reason), inputs = a.inputs || x.inputs,
    flapping = coalesce(x.flapping, a.flapping), cleared_at = to_timestamp(x.cleared_at_s)
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    alarm_id bigint, severity text, title text, reason text, inputs jsonb, flapping boolean, cleared_at_s float8)
where a.alarm_id = x.alarm_id

-- add_alarms
insert into alarm (alarm_id, rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at,
                   title, reason, inputs, is_group, flapping, held_since, would_change)
overriding system value
select alarm_id, rule_id, rule_version, subject_kind, subject, severity, to_timestamp(raised_at_s),
       to_timestamp(cleared_at_s), title, reason, inputs, is_group, flapping, to_timestamp(held_since_s), would_change
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    alarm_id bigint, rule_id text, rule_version integer, subject_kind text, subject text, severity text,
    raised_at_s float8, cleared_at_s float8, title text, reason text, inputs jsonb, is_group boolean,
    flapping boolean, held_since_s float8, would_change jsonb)

-- change_members
update alarm_member m
set severity = coalesce(x.severity, m.severity), reason = coalesce(x.reason, m.reason),
    inputs = coalesce(x.inputs, m.inputs), left_at = to_timestamp(x.left_at_s)
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    alarm_id bigint, kind text, subject text, severity text, reason text, inputs jsonb, left_at_s float8)
where m.alarm_id = x.alarm_id and m.kind = x.kind and m.subject = x.subject and m.left_at is null

-- add_members
insert into alarm_member (alarm_id, kind, subject, severity, joined_at, left_at, reason, inputs)
select alarm_id, kind, subject, severity, to_timestamp(joined_at_s), to_timestamp(left_at_s), reason, inputs
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    alarm_id bigint, kind text, subject text, severity text, joined_at_s float8, left_at_s float8,
    reason text, inputs jsonb)
on conflict (alarm_id, kind, subject, joined_at) do update
set severity = excluded.severity, left_at = excluded.left_at, reason = excluded.reason, inputs = excluded.inputs

-- add_log
insert into alarm_log (alarm_id, at, actor, what, detail)
select alarm_id, to_timestamp(at_s), 'engine', what, detail
from jsonb_to_recordset(%(rows)s::jsonb) as x(n integer, alarm_id bigint, at_s float8, what text, detail jsonb)
order by n

-- put_states
insert into subject_state (subject_kind, subject, at, state)
select x.subject_kind, x.subject, to_timestamp(x.at_s),
       case when x.subject_kind = 'route' then x.state || jsonb_build_object('decision_id', (
           select d.decision_id from decision d where d.subject_kind = 'route' and d.subject = x.subject
           order by d.decided_at desc, d.decision_id desc limit 1))  -- by the index: a route has years of them
       else x.state end
from jsonb_to_recordset(%(rows)s::jsonb) as x(subject_kind text, subject text, at_s float8, state jsonb)
on conflict (subject_kind, subject) do update set at = excluded.at, state = excluded.state

-- put_memory
insert into rule_state (rule_id, subject, version, state)
select section, subject, version, state
from jsonb_to_recordset(%(rows)s::jsonb) as x(section text, subject text, version integer, state jsonb)
on conflict (rule_id, subject) do update
set version = excluded.version, state = excluded.state, updated_at = now()

-- add_passes
insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm)
select what, segment_id, lorry, to_timestamp(at_s), g_m2, low, high, to_timestamp(from_s), to_timestamp(to_s), rain_mm
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    what text, segment_id text, lorry text, at_s float8, g_m2 float8, low float8, high float8, from_s float8, to_s float8,
    rain_mm float8)

-- drop_memory
delete from rule_state s
using jsonb_array_elements(%(rows)s::jsonb) as x(gone)
where s.rule_id = x.gone ->> 0 and s.subject = x.gone ->> 1

-- drop_states
delete from subject_state s
using jsonb_array_elements(%(rows)s::jsonb) as x(gone)
where s.subject_kind = case x.gone ->> 0 when 'seen' then 'device' else x.gone ->> 0 end
  and s.subject = x.gone ->> 1

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)

-- name_catalogue
-- Alarms and decisions of this transaction are this catalogue's, by their columns' default.
select set_config('cityops.catalogue_id', %(catalogue_id)s::text, true)

-- town
select extract(epoch from max(event_time))::float8, extract(epoch from max(updated_at))::float8 from rule_cursor
