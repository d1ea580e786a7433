"""Statements of the store of road networks."""

from __future__ import annotations

from typing import LiteralString

LOCK: LiteralString = "select pg_advisory_xact_lock(hashtextextended('cityops road networks', 0))"

KNOWN: LiteralString = """
select s.segment_id, s.network_id, s.route_id, d.name
from road_segment s left join device d on d.device_id = s.device_id and d.retired_at is null
where s.segment_id = any(%s)
"""

SOURCE: LiteralString = """
insert into road_network (network_id, source, format, checksum, attribution, imported_at, summary)
values (%(network_id)s, %(source)s, %(format)s, %(checksum)s, %(attribution)s, %(imported_at)s, %(summary)s)
on conflict (network_id) do update set (source, format, checksum, attribution, imported_at, summary)
    = (excluded.source, excluded.format, excluded.checksum, excluded.attribution, excluded.imported_at,
    excluded.summary)
"""

OWN_SEGMENTS: LiteralString = """
update road_segment set network_id = %(network_id)s
where segment_id = any(%(segments)s) and network_id is distinct from %(network_id)s
"""

OWN_NODES: LiteralString = """
update road_node set network_id = %(network_id)s where node_id = any(%(nodes)s) and network_id is null
"""

BANS_GONE: LiteralString = """
delete from turn_ban b using road_segment s
where s.segment_id = b.from_segment and s.network_id = %(network_id)s and b.ban_id <> all(%(bans)s)
"""

SEGMENTS_GONE: LiteralString = """
delete from road_segment where network_id = %(network_id)s and segment_id <> all(%(segments)s)
returning route_id
"""

NODES_GONE: LiteralString = """
delete from road_node n where n.network_id = %(network_id)s and n.node_id <> all(%(nodes)s)
    and not exists (select from road_segment s where s.from_node = n.node_id)
    and not exists (select from road_segment s where s.to_node = n.node_id)
    and not exists (select from turn_ban b where b.via_node = n.node_id)
    and not exists (select from depot d where d.node_id = n.node_id)
"""

OWN: LiteralString = """
select coalesce((select array_agg(segment_id) from road_segment where network_id = %(network_id)s), '{}'),
    coalesce((select array_agg(node_id) from road_node where network_id = %(network_id)s), '{}')
"""

SOURCES: LiteralString = """
select network_id, source, format, checksum, attribution, imported_at, summary
from road_network order by network_id
"""

ROADS: LiteralString = """
select jsonb_build_object(
    'name', 'database',
    'devices', coalesce((select jsonb_agg(to_jsonb(d) - 'device_id' - 'retired_at' order by d.name)
        from device d where d.retired_at is null and d.kind = 'road'), '[]'),
    'nodes', coalesce((select jsonb_agg(to_jsonb(n) - 'network_id' order by n.node_id) from road_node n), '[]'),
    'segments', coalesce((
        select jsonb_agg((to_jsonb(s) - 'network_id' - 'device_id') || jsonb_build_object('device', d.name)
            order by s.segment_id)
        from road_segment s left join device d on d.device_id = s.device_id and d.retired_at is null), '[]'),
    'turn_bans', coalesce((select jsonb_agg(to_jsonb(b) order by b.ban_id) from turn_ban b), '[]'),
    'depots', coalesce((select jsonb_agg(to_jsonb(d) order by d.depot_id) from depot d), '[]')
)::text
"""
