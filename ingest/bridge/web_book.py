"""The book on the website's login, which can do less: what it may not touch it has done by a function."""

from __future__ import annotations

from typing import LiteralString

from ingest.bridge.book import LorawanBook, Row, eui_of

_AGAIN: LiteralString = "select lorawan_again(%(dev_eui)s) as events"
_VERSIONS: LiteralString = """
select c.codec_id, c.name, c.version, c.language, c.body, c.field_map, c.kind, c.created_by, c.created_at, c.note,
    (select count(*) from lorawan_binding b where b.codec_id = c.codec_id and b.unbound_at is null) as sensors
from lorawan_codec c where c.name = %(name)s order by c.version desc limit 200
"""
_BOUND: LiteralString = """
select b.dev_eui, d.name as device, c.name as codec, c.version, b.bound_by, b.bound_at, h.last_seen_at, h.uplinks,
    (select state from lorawan_inbox i where i.dev_eui = b.dev_eui and i.event_kind = 'uplink' order by i.event_id desc limit 1) as state,
    (select reason from lorawan_inbox i where i.dev_eui = b.dev_eui and i.event_kind = 'uplink' order by i.event_id desc limit 1) as reason
from lorawan_binding b join lorawan_codec c using (codec_id) join device d using (device_id)
left join lorawan_device h using (dev_eui)
where b.unbound_at is null and (%(name)s::text is null or c.name = %(name)s) order by d.name limit 500
"""
_HEARD: LiteralString = """
select h.dev_eui, h.label, h.last_seen_at, h.uplinks, u.f_port, encode(u.payload, 'hex') as payload
from lorawan_device h
left join lateral (select i.f_port, i.payload from lorawan_inbox i
                    where i.dev_eui = h.dev_eui and i.event_kind = 'uplink' order by i.event_id desc limit 1) u on true
where not exists (select from lorawan_binding b where b.dev_eui = h.dev_eui and b.unbound_at is null)
order by h.last_seen_at desc limit 50
"""


class WebBook(LorawanBook):
    """See the module. Sensors and devices of homes are not there for it."""

    async def versions(self, name: str) -> list[Row]:
        """Return the versions of a codec, newest first."""
        return await self._rows(_VERSIONS, {"name": name})

    async def bound(self, name: str | None) -> list[Row]:
        """Return bound sensors, of one codec or of all."""
        return await self._rows(_BOUND, {"name": name})

    async def heard(self) -> list[Row]:
        """Return the fifty sensors last heard that are bound to no device, with their last uplink."""
        return await self._rows(_HEARD)

    async def again(self, dev_eui: str) -> int:
        """As the book's, by the one function that this login may call."""
        [row] = await self._rows(_AGAIN, {"dev_eui": eui_of(dev_eui)})
        return int(row["events"])
