"""Statements of :mod:`ingest.registry_store`; each takes one JSON array of records.

``is distinct from`` keeps an unchanged row untouched, so that storing the same registry
again writes nothing.
"""

from __future__ import annotations

from typing import LiteralString

DEVICES: LiteralString = """
insert into device as t (name, kind, shard, label, latitude_deg, longitude_deg, cadence_s, installed_at)
select r.* from jsonb_to_recordset(%s) as r(name text, kind text, shard smallint, label text,
    latitude_deg float8, longitude_deg float8, cadence_s integer, installed_at timestamptz)
on conflict (name) do update set (kind, shard, label, latitude_deg, longitude_deg, cadence_s,
    installed_at, retired_at) = (excluded.kind, excluded.shard, excluded.label, excluded.latitude_deg,
    excluded.longitude_deg, excluded.cadence_s, excluded.installed_at, null)
where (t.kind, t.shard, t.label, t.latitude_deg, t.longitude_deg, t.cadence_s, t.installed_at,
    t.retired_at) is distinct from (excluded.kind, excluded.shard, excluded.label, excluded.latitude_deg,
    excluded.longitude_deg, excluded.cadence_s, excluded.installed_at, null)
"""

WARDS: LiteralString = """
insert into ward as t (ward_id, label, boundary)
select r.* from jsonb_to_recordset(%s) as r(ward_id text, label text, boundary jsonb)
on conflict (ward_id) do update set (label, boundary) = (excluded.label, excluded.boundary)
where (t.label, t.boundary) is distinct from (excluded.label, excluded.boundary)
"""

HOMES: LiteralString = """
insert into home as t (code, label, temperature_factor, occupants, ward_id)
select r.* from jsonb_to_recordset(%s) as r(code text, label text, temperature_factor float8,
    occupants smallint, ward_id text)
on conflict (code) do update set (label, temperature_factor, occupants, ward_id)
    = (excluded.label, excluded.temperature_factor, excluded.occupants, excluded.ward_id)
where (t.label, t.temperature_factor, t.occupants, t.ward_id)
    is distinct from (excluded.label, excluded.temperature_factor, excluded.occupants, excluded.ward_id)
"""

JOIN_CODES: LiteralString = """
insert into join_code (home_id, code_hash, kind, hint, strong)
select h.home_id, join_code_hash(h.code), 'label', right(h.code, 3), false
from home h join jsonb_to_recordset(%s) as r(code text) using (code)
where join_code_hash(h.code) is not null and not exists (select from join_code c where c.home_id = h.home_id)
on conflict (code_hash) do nothing
"""
"""A home without any code opens to the registry's, until it is given a label of its own (``cityops homes code``)."""

HOME_DEVICES_GONE: LiteralString = """
delete from home_device hd using home h
where h.home_id = hd.home_id and exists (
    select from jsonb_to_recordset(%(links)s) as r(code text) where r.code = h.code
) and not exists (
    select from jsonb_to_recordset(%(links)s) as r(code text, device text)
    join device d on d.name = r.device where r.code = h.code and d.device_id = hd.device_id
)
"""

HOME_DEVICES: LiteralString = """
insert into home_device as t (device_id, home_id)
select d.device_id, h.home_id from jsonb_to_recordset(%s) as r(code text, device text)
join device d on d.name = r.device join home h on h.code = r.code
on conflict (device_id) do update set home_id = excluded.home_id
where t.home_id is distinct from excluded.home_id
"""

NODES: LiteralString = """
insert into road_node as t (node_id, latitude_deg, longitude_deg, turning_place)
select r.* from jsonb_to_recordset(%s) as r(node_id bigint, latitude_deg float8, longitude_deg float8,
    turning_place boolean)
on conflict (node_id) do update set (latitude_deg, longitude_deg, turning_place)
    = (excluded.latitude_deg, excluded.longitude_deg, excluded.turning_place)
where (t.latitude_deg, t.longitude_deg, t.turning_place)
    is distinct from (excluded.latitude_deg, excluded.longitude_deg, excluded.turning_place)
"""

DEPOTS: LiteralString = """
insert into depot as t (depot_id, label, node_id, salt_t)
select r.* from jsonb_to_recordset(%s) as r(depot_id text, label text, node_id bigint, salt_t float8)
on conflict (depot_id) do update set (label, node_id, salt_t)
    = (excluded.label, excluded.node_id, excluded.salt_t)
where (t.label, t.node_id, t.salt_t)
    is distinct from (excluded.label, excluded.node_id, excluded.salt_t)
"""

ROUTES: LiteralString = """
insert into gritting_route as t (route_id, label, depot_id, priority)
select r.* from jsonb_to_recordset(%s) as r(route_id text, label text, depot_id text, priority smallint)
on conflict (route_id) do update set (label, depot_id, priority)
    = (excluded.label, excluded.depot_id, excluded.priority)
where (t.label, t.depot_id, t.priority)
    is distinct from (excluded.label, excluded.depot_id, excluded.priority)
"""

SEGMENTS: LiteralString = """
insert into road_segment as t (segment_id, street, road_class, from_node, to_node, length_m, width_m,
    one_way, bus_route, bridge, sky_view_factor, altitude_m, route_id, device_id, geometry,
    ref, lanes, carriageway, speed_km_h, max_weight_t, max_height_m, max_width_m, horizon_deg)
select r.segment_id, r.street, r.road_class, r.from_node, r.to_node, r.length_m, r.width_m, r.one_way,
    r.bus_route, r.bridge, r.sky_view_factor, r.altitude_m, r.route_id, d.device_id, r.geometry,
    r.ref, r.lanes, r.carriageway, r.speed_km_h, r.max_weight_t, r.max_height_m, r.max_width_m, r.horizon_deg
from jsonb_to_recordset(%s) as r(segment_id text, street text, road_class text, from_node bigint,
    to_node bigint, length_m float8, width_m float8, one_way boolean, bus_route boolean, bridge boolean,
    sky_view_factor float8, altitude_m float8, route_id text, device text, geometry jsonb,
    ref text, lanes smallint, carriageway text, speed_km_h float8, max_weight_t float8,
    max_height_m float8, max_width_m float8, horizon_deg float8[])
left join device d on d.name = r.device
on conflict (segment_id) do update set (street, road_class, from_node, to_node, length_m, width_m,
    one_way, bus_route, bridge, sky_view_factor, altitude_m, route_id, device_id, geometry,
    ref, lanes, carriageway, speed_km_h, max_weight_t, max_height_m, max_width_m, horizon_deg)
    = (excluded.street, excluded.road_class, excluded.from_node, excluded.to_node, excluded.length_m,
    excluded.width_m, excluded.one_way, excluded.bus_route, excluded.bridge, excluded.sky_view_factor,
    excluded.altitude_m, excluded.route_id, excluded.device_id, excluded.geometry,
    excluded.ref, excluded.lanes, excluded.carriageway, excluded.speed_km_h, excluded.max_weight_t,
    excluded.max_height_m, excluded.max_width_m, excluded.horizon_deg)
where (t.street, t.road_class, t.from_node, t.to_node, t.length_m, t.width_m, t.one_way, t.bus_route,
    t.bridge, t.sky_view_factor, t.altitude_m, t.route_id, t.device_id, t.geometry, t.ref, t.lanes,
    t.carriageway, t.speed_km_h, t.max_weight_t, t.max_height_m, t.max_width_m, t.horizon_deg)
    is distinct from (excluded.street, excluded.road_class, excluded.from_node, excluded.to_node,
    excluded.length_m, excluded.width_m, excluded.one_way, excluded.bus_route, excluded.bridge,
    excluded.sky_view_factor, excluded.altitude_m, excluded.route_id, excluded.device_id,
    excluded.geometry, excluded.ref, excluded.lanes, excluded.carriageway, excluded.speed_km_h,
    excluded.max_weight_t, excluded.max_height_m, excluded.max_width_m, excluded.horizon_deg)
"""

TURN_BANS: LiteralString = """
insert into turn_ban as t (ban_id, from_segment, via_node, to_segment)
select r.* from jsonb_to_recordset(%s) as r(ban_id text, from_segment text, via_node bigint, to_segment text)
on conflict (ban_id) do update set (from_segment, via_node, to_segment)
    = (excluded.from_segment, excluded.via_node, excluded.to_segment)
where (t.from_segment, t.via_node, t.to_segment)
    is distinct from (excluded.from_segment, excluded.via_node, excluded.to_segment)
"""

BIN_MODELS: LiteralString = """
insert into bin_model as t (model_id, label, empty_distance_mm, full_distance_mm, capacity_l, blind_mm,
    profile, device_compensates, sentinels_mm, step_pct)
select r.* from jsonb_to_recordset(%s) as r(model_id text, label text, empty_distance_mm float8,
    full_distance_mm float8, capacity_l float8, blind_mm float8, profile jsonb, device_compensates boolean,
    sentinels_mm float8[], step_pct float8)
on conflict (model_id) do update set (label, empty_distance_mm, full_distance_mm, capacity_l, blind_mm,
    profile, device_compensates, sentinels_mm, step_pct)
    = (excluded.label, excluded.empty_distance_mm, excluded.full_distance_mm, excluded.capacity_l,
    excluded.blind_mm, excluded.profile, excluded.device_compensates, excluded.sentinels_mm, excluded.step_pct)
where (t.*) is distinct from (excluded.*)
"""

BINS: LiteralString = """
insert into bin_site as t (bin_id, device_id, label, street, latitude_deg, longitude_deg, stream,
    empty_distance_mm, full_distance_mm, capacity_l, threshold_pct, max_age_days, model, place, sensitive,
    service_s)
select r.bin_id, d.device_id, r.label, r.street, r.latitude_deg, r.longitude_deg, r.stream,
    r.empty_distance_mm, r.full_distance_mm, r.capacity_l, r.threshold_pct, r.max_age_days, r.model, r.place,
    r.sensitive, r.service_s
from jsonb_to_recordset(%s) as r(bin_id text, device text, label text, street text, latitude_deg float8,
    longitude_deg float8, stream text, empty_distance_mm float8, full_distance_mm float8,
    capacity_l float8, threshold_pct float8, max_age_days float8, model text, place text, sensitive boolean,
    service_s float8)
join device d on d.name = r.device
on conflict (bin_id) do update set (device_id, label, street, latitude_deg, longitude_deg, stream,
    empty_distance_mm, full_distance_mm, capacity_l, threshold_pct, max_age_days, model, place, sensitive,
    service_s)
    = (excluded.device_id, excluded.label, excluded.street, excluded.latitude_deg, excluded.longitude_deg,
    excluded.stream, excluded.empty_distance_mm, excluded.full_distance_mm, excluded.capacity_l,
    excluded.threshold_pct, excluded.max_age_days, excluded.model, excluded.place, excluded.sensitive,
    excluded.service_s)
where (t.*) is distinct from (excluded.*)
"""

MISSING_DEVICES: LiteralString = """
select r.name from unnest(%s::text[]) as r(name)
where not exists (select from device d where d.name = r.name) order by 1 limit 5
"""

KNOWN_DEVICES: LiteralString = """
select d.device_id, d.name, d.kind, d.shard,
    (extract(epoch from d.installed_at) * 1000000)::bigint, hd.home_id,
    case s.state when 'quarantined' then 'quarantined' when 'unclaimed' then 'revoked' else '' end,
    c.boot, c.offset_us, c.learnt
from device d left join home_device hd using (device_id) left join device_state s using (device_id)
left join lateral (
    select boot, offset_us, learnt from device_clock x where x.device_id = d.device_id order by boot desc limit 1
) c on true
where d.retired_at is null
"""
