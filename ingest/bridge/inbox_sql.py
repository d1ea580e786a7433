"""Statements of :mod:`ingest.bridge.pg_inbox`."""

# ruff: noqa: S608 - put together from constants

from __future__ import annotations

from typing import LiteralString

_SOURCE: LiteralString = "s.source_id, s.name, s.protocol, s.transport, s.settings, s.enabled"

SOURCES: LiteralString = f"select {_SOURCE} from lorawan_source s where s.enabled order by s.source_id"

RECEIVE: LiteralString = "select lorawan_receive(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

CONNECTION: LiteralString = """
update lorawan_source set connection = %s, connection_at = now() where source_id = %s
"""

# Session-level: it ends with the connection. Asked again and again it is counted up, which does no harm.
LEAD: LiteralString = """
select case when exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted
                            and database = (select oid from pg_database where datname = current_database())
                            and classid = 1129137490 and objid = 1)
            then true else pg_try_advisory_lock(1129137490, 1) end
"""

WAITING: LiteralString = f"""
select i.event_id, i.topic, i.body, i.received_at, i.attempts > 0, {_SOURCE}
from lorawan_inbox i join lorawan_source s using (source_id)
where i.state = 'waiting' and i.next_at <= now() order by i.event_id limit %s
"""

BINDINGS: LiteralString = """
select b.dev_eui, d.device_id, d.name, d.kind, d.shard, d.private, b.source_id, b.installation,
    c.codec_id, c.name, c.version, c.language, c.body, c.field_map, c.kind,
    case when not coalesce(h.external_power, false) then h.battery_pct end, h.status_at
from lorawan_binding b join device d using (device_id) join lorawan_codec c using (codec_id)
left join lorawan_device h on h.dev_eui = b.dev_eui
where b.dev_eui = any(%s) and b.unbound_at is null and d.retired_at is null
"""

SENML_DEVICES: LiteralString = """
select d.name, d.device_id, d.kind, d.shard, d.private, c.codec_id, c.name, c.version, c.language, c.body, c.field_map, c.kind
from device d left join lateral (
    select * from lorawan_codec m where m.language = 'map' and m.kind = d.kind and m.name in ('senml.' || d.name, 'senml.' || d.kind)
    order by m.name = 'senml.' || d.name desc, m.version desc limit 1) c on true
where d.name = any(%s) and d.retired_at is null
"""

RUNS: LiteralString = """
select dev_eui, boot, session, first_at, last_at, first_f_cnt, last_f_cnt from lorawan_session where dev_eui = any(%s)
order by dev_eui, boot
"""

FRAMES: LiteralString = """
select distinct network_at from lorawan_inbox
where dev_eui = %s and f_cnt = %s and event_kind = 'uplink' and state = 'stored' and network_at between %s and %s
"""

QUEUED: LiteralString = f"""
select q.downlink_id, q.dev_eui, q.f_port, q.payload, q.what, q.confirmed, q.correlation, null, null,
    d.application_id, d.lns_device_id, d.label, {_SOURCE}
from lorawan_downlink q left join lorawan_device d using (dev_eui)
left join lorawan_source s on s.source_id = coalesce(q.source_id, d.source_id)
where q.state = 'queued' and q.next_at <= now() order by q.downlink_id limit %s
"""

SENT: LiteralString = """
update lorawan_downlink set state = 'sent', sent_at = now(), attempts = attempts + 1, problem = ''
where downlink_id = %s and state = 'queued'
"""

FAILED: LiteralString = """
update lorawan_downlink set state = 'failed', done_at = now(), attempts = attempts + 1, problem = %s
where downlink_id = %s and state = 'queued'
"""

POSTPONE_DOWNLINK: LiteralString = """
update lorawan_downlink set problem = %s, next_at = now() + make_interval(secs => %s), attempts = attempts + 1
where downlink_id = %s and state = 'queued'
"""
