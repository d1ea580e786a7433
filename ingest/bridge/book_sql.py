"""Statements of :mod:`ingest.bridge.book`."""

from __future__ import annotations

from typing import LiteralString

SOURCES: LiteralString = """
select s.name, s.protocol, s.transport, s.enabled, s.settings, s.last_seen_at, s.received, s.duplicates, s.refused, s.connection,
    s.connection_at,
    (select count(*) from lorawan_inbox i where i.source_id = s.source_id and i.state = 'waiting') as waiting,
    (select count(*) from lorawan_inbox i where i.source_id = s.source_id and i.state = 'dead') as dead
from lorawan_source s order by s.name
"""

ADD_SOURCE: LiteralString = """
insert into lorawan_source (name, protocol, transport, settings, token_hash, created_by)
values (%(name)s, %(protocol)s, %(transport)s, %(settings)s, %(token_hash)s, %(by)s)
on conflict (name) do nothing returning source_id
"""

ENABLE: LiteralString = (
    "update lorawan_source set enabled = %(enabled)s where name = %(name)s returning source_id"
)

SOURCE: LiteralString = "select source_id, name from lorawan_source where name = %(name)s"

CODECS: LiteralString = """
select distinct on (name) codec_id, name, version, language, body, kind, created_by, created_at, note,
    (select count(*) from lorawan_binding b join lorawan_codec o using (codec_id) where o.name = c.name and b.unbound_at is null)
        as sensors
from lorawan_codec c order by name, version desc
"""

ADD_CODEC: LiteralString = """
insert into lorawan_codec (name, version, language, body, field_map, kind, created_by, note)
select %(name)s, 1 + coalesce((select max(version) from lorawan_codec where name = %(name)s), 0), %(language)s, %(body)s,
    %(field_map)s, %(kind)s, %(by)s, %(note)s
returning codec_id, version
"""

CODEC: LiteralString = """
select codec_id, name, version, language, kind from lorawan_codec
where name = %(name)s and (%(version)s::integer is null or version = %(version)s) order by version desc limit 1
"""

CODEC_OF: LiteralString = """
select c.language, c.body from lorawan_binding b join lorawan_codec c using (codec_id)
where b.dev_eui = %(dev_eui)s and b.unbound_at is null
"""

DEVICE: LiteralString = """
select device_id, name, kind from device where name = %(name)s and retired_at is null
"""

HOLDER: LiteralString = """
select dev_eui from lorawan_binding
where device_id = %(device_id)s and dev_eui <> %(dev_eui)s and unbound_at is null
"""

UNBIND: LiteralString = """
update lorawan_binding b set unbound_at = greatest(now(), bound_at), unbound_by = %(by)s
from device d where d.device_id = b.device_id and b.dev_eui = %(dev_eui)s and b.unbound_at is null
returning d.name as device
"""

BIND: LiteralString = """
insert into lorawan_binding (dev_eui, device_id, codec_id, source_id, installation, bound_by, note)
values (%(dev_eui)s, %(device_id)s, %(codec_id)s, %(source_id)s, %(installation)s, %(by)s, %(note)s)
"""

DEVICES: LiteralString = """
select b.dev_eui, d.name as device, d.kind, c.name || ' ' || c.version as codec, s.name as source, h.last_seen_at, h.uplinks,
    h.rssi_dbm, h.snr_db, h.spreading, h.airtime_ms, h.gateway, h.battery_pct, h.external_power, h.margin_db, h.last_join_at,
    b.bound_at, b.bound_by, b.installation
from lorawan_binding b join device d using (device_id) join lorawan_codec c using (codec_id)
left join lorawan_device h using (dev_eui) left join lorawan_source s on s.source_id = coalesce(b.source_id, h.source_id)
where b.unbound_at is null order by d.name
"""

UNKNOWN: LiteralString = """
select h.dev_eui, s.name as source, h.label, h.first_seen_at, h.last_seen_at, h.uplinks, h.f_port, h.rssi_dbm, h.snr_db,
    (select encode(i.payload, 'hex') from lorawan_inbox i
      where i.dev_eui = h.dev_eui and i.event_kind = 'uplink' order by i.event_id desc limit 1) as payload,
    (select count(*) from lorawan_inbox i where i.dev_eui = h.dev_eui and i.state = 'dead') as waiting
from lorawan_device h join lorawan_source s using (source_id)
where not exists (select from lorawan_binding b where b.dev_eui = h.dev_eui and b.unbound_at is null)
order by h.last_seen_at desc
"""

INBOX: LiteralString = """
select state, reason_code, count(*) as events, max(received_at) as newest, min(received_at) as oldest,
    (array_agg(reason order by event_id desc))[1] as example
from lorawan_inbox group by state, reason_code order by state, events desc
"""

EVENTS: LiteralString = """
select i.event_id, i.received_at, i.network_at, s.name as source, i.event_kind, i.dev_eui, i.f_port, i.f_cnt,
    encode(i.payload, 'hex') as payload, i.state, i.reason_code, i.reason
from lorawan_inbox i join lorawan_source s using (source_id)
where (%(dev_eui)s::text is null or i.dev_eui = %(dev_eui)s) and (%(state)s::text is null or i.state = %(state)s)
order by i.event_id desc limit %(limit)s
"""

REPLAY: LiteralString = """
update lorawan_inbox set state = 'waiting', done_at = null, reason_code = null, reason = null, next_at = now()
where state = 'dead' and body <> '' and (%(dev_eui)s::text is null or dev_eui = %(dev_eui)s)
    and (%(reason)s::text is null or reason_code = %(reason)s) and (%(ids)s::bigint[] is null or event_id = any(%(ids)s))
returning event_id
"""

QUEUE: LiteralString = """
insert into lorawan_downlink (dev_eui, source_id, what, f_port, payload, confirmed, created_by)
select h.dev_eui, h.source_id, %(what)s, %(f_port)s, %(payload)s, %(confirmed)s, %(by)s
from lorawan_device h where h.dev_eui = %(dev_eui)s
returning downlink_id
"""

DOWNLINKS: LiteralString = """
select q.downlink_id, q.dev_eui, d.name as device, q.what, q.f_port, encode(q.payload, 'hex') as payload, q.confirmed, q.state,
    q.created_by, q.created_at, q.sent_at, q.radioed_at, q.done_at, q.problem
from lorawan_downlink q
left join lorawan_binding b on b.dev_eui = q.dev_eui and b.unbound_at is null left join device d using (device_id)
order by q.downlink_id desc limit %(limit)s
"""
