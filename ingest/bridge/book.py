"""What people set and look up of LoRaWAN: servers, codecs, bindings, the inbox, downlinks. Over one connection."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from cityops.errors import ConfigurationError
from devices.contract.kind import Kind
from ingest.bridge import book_sql as sql
from ingest.core.lorawan.downlinks import Message
from ingest.core.lorawan.field_map import MapError, read_map
from ingest.core.lorawan.native.catalogue import NATIVE

Row = dict[str, Any]
_EUI = re.compile(r"^[0-9a-f]{16}$")
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,40}$")
DECODERS = ("decodeUplink", "Decode")
"""Functions that decode an uplink: of TS013, and of what came before it."""
SETTINGS = frozenset({
    "host", "port", "tls", "tls_ca", "tls_cert", "tls_key", "username", "password_file", "client_id", "application", "topics",
})  # fmt: skip
"""What a source by MQTT may set. Files are named, never their content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A server to be added; ``settings`` as :data:`SETTINGS`."""

    name: str
    protocol: str
    transport: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCodec:
    """A version of a codec to be added; ``field_map`` of language native is None."""

    name: str
    language: str
    kind: str
    body: str = ""
    field_map: Any = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a binding did: the device, the codec, and how many events are played again."""

    device: str
    codec: str
    again: int


def eui_of(text: str) -> str:
    """Return a DevEUI as it is kept; ``-`` and ``:`` and capitals may be in it.

    Raises:
        ConfigurationError: it is none.
    """
    eui = text.lower().replace("-", "").replace(":", "").strip()
    if _EUI.match(eui) is None:
        raise ConfigurationError(f"DevEUI {text!r}: 16 hexadecimal digits, as on the sensor's label")
    return eui


class LorawanBook:
    """See the module.

    Args:
        conn: not in autocommit, or in a transaction of its user's.
        kinds: declared kinds.
    """

    def __init__(self, conn: psycopg.AsyncConnection[Any], kinds: Mapping[str, Kind]) -> None:
        self._conn, self._kinds = conn, kinds

    async def sources(self) -> list[Row]:
        """Return the servers with their counts."""
        return await self._rows(sql.SOURCES)

    async def add_source(self, new: NewSource, by: str) -> str:
        """Add a server; return a webhook's token, which is not kept and can't be told again.

        Raises:
            ConfigurationError: a setting is wrong, or the name is taken.
        """
        _check_source(new)
        token = secrets.token_urlsafe(32) if new.transport == "webhook" else ""
        hashed = hashlib.sha256(token.encode()).digest() if token else None
        values = {**_plain(new), "by": by, "token_hash": hashed, "settings": Jsonb(dict(new.settings))}
        if not await self._rows(sql.ADD_SOURCE, values):
            raise ConfigurationError(f"there is a LoRaWAN source {new.name!r} already")
        return token

    async def set_enabled(self, name: str, enabled: bool) -> None:
        """Switch a server on or off; ConfigurationError where there is none."""
        if not await self._rows(sql.ENABLE, {"name": name, "enabled": enabled}):
            raise ConfigurationError(f"there is no LoRaWAN source {name!r}; see `cityops lorawan sources`")

    async def codecs(self) -> list[Row]:
        """Return the newest version of each codec."""
        return await self._rows(sql.CODECS)

    async def add_codec(self, new: NewCodec, by: str) -> int:
        """Add a version of a codec; return its number among those of its name.

        Raises:
            ConfigurationError: its kind, its map or its language is wrong.
        """
        self._check_codec(new)
        found = None if new.field_map is None else Jsonb(new.field_map)
        [row] = await self._rows(sql.ADD_CODEC, {**_plain(new), "field_map": found, "by": by})
        return int(row["version"])

    async def bind(
        self,
        dev_eui: str,
        device: str,
        codec: str,
        by: str,
        source: str | None = None,
        installation: Any = None,
        note: str = "",
    ) -> Bound:
        """Say which device a sensor is; what it was before is history. What was set aside for want of it is played again.

        Args:
            dev_eui: the sensor's.
            device: name of a registered device.
            codec: name, perhaps with ``@version``; a decoder of ours needs no codec to be added first.
            by: who says so.
            source: the only server it may come from; None: any.
            installation: parameters of codecs.
            note: for people.

        Raises:
            ConfigurationError: one of them is not there, or device and codec are of different kinds.
        """
        eui, params = eui_of(dev_eui), {} if installation is None else installation
        if not isinstance(params, Mapping):
            raise ConfigurationError('installation: a JSON object, such as {"ds18b20": true}')
        found = await self._device(device)
        chosen = await self._codec(codec, by)
        if chosen["kind"] != found["kind"]:
            raise ConfigurationError(
                f"device {device} is a {found['kind']}, codec {codec} is for a {chosen['kind']}"
            )
        source_id = None if source is None else (await self._source(source))["source_id"]
        holder = await self._rows(sql.HOLDER, {"device_id": found["device_id"], "dev_eui": eui})
        if holder:
            raise ConfigurationError(
                f"device {device} is sensor {holder[0]['dev_eui']} already; unbind that first"
            )
        values: Row = {"dev_eui": eui, "by": by}
        await self._rows(sql.UNBIND, values)
        values |= {
            "device_id": found["device_id"], "codec_id": chosen["codec_id"], "source_id": source_id, "note": note,
            "installation": Jsonb(dict(params)),
        }  # fmt: skip
        await self._rows(sql.BIND, values)
        again = await self.again(eui)
        return Bound(device=device, codec=f"{chosen['name']} {chosen['version']}", again=again)

    async def unbind(self, dev_eui: str, by: str) -> str:
        """End a binding; return the device's name. ConfigurationError where there is none."""
        eui = eui_of(dev_eui)
        rows = await self._rows(sql.UNBIND, {"dev_eui": eui, "by": by})
        if not rows:
            raise ConfigurationError(f"sensor {eui} is bound to no device")
        return str(rows[0]["device"])

    async def devices(self) -> list[Row]:
        """Return bound sensors with how they are heard."""
        return await self._rows(sql.DEVICES)

    async def unknown(self) -> list[Row]:
        """Return sensors that were heard and are bound to no device."""
        return await self._rows(sql.UNKNOWN)

    async def inbox(self) -> list[Row]:
        """Return how many events there are by state and reason."""
        return await self._rows(sql.INBOX)

    async def events(self, dev_eui: str | None, state: str | None, limit: int) -> list[Row]:
        """Return the newest events, of a sensor or in a state alone."""
        eui = None if dev_eui is None else eui_of(dev_eui)
        return await self._rows(sql.EVENTS, {"dev_eui": eui, "state": state, "limit": limit})

    async def replay(
        self, dev_eui: str | None = None, reason: str | None = None, event_ids: list[int] | None = None
    ) -> int:
        """Have events that were set aside stored after all; return how many will be tried."""
        eui = None if dev_eui is None else eui_of(dev_eui)
        return len(await self._rows(sql.REPLAY, {"dev_eui": eui, "reason": reason, "ids": event_ids}))

    async def again(self, dev_eui: str) -> int:
        """Have all of one sensor's events that were set aside stored after all; return how many will be tried."""
        return await self.replay(dev_eui=dev_eui)

    async def queue(self, dev_eui: str, message: Message, by: str, confirmed: bool) -> int:
        """Queue a message to a sensor; return its number. ConfigurationError where it was never heard."""
        eui = eui_of(dev_eui)
        values = {
            "dev_eui": eui, "what": message.what, "f_port": message.f_port, "payload": message.payload, "confirmed": confirmed,
            "by": by,
        }  # fmt: skip
        rows = await self._rows(sql.QUEUE, values)
        if not rows:
            raise ConfigurationError(f"sensor {eui} was never heard, so that nobody knows its server")
        return int(rows[0]["downlink_id"])

    async def interval_name(self, dev_eui: str) -> str:
        """Return which downlink sets the interval of a bound sensor; ConfigurationError where none is known."""
        eui = eui_of(dev_eui)
        rows = await self._rows(sql.CODEC_OF, {"dev_eui": eui})
        native = NATIVE.get(rows[0]["body"]) if rows and rows[0]["language"] == "native" else None
        if native is None or not native.interval:
            raise ConfigurationError(
                f"how sensor {eui} is told its interval is not known here: send the maker's bytes with --port and --hex"
            )
        return native.interval

    async def downlinks(self, limit: int) -> list[Row]:
        """Return the newest messages to sensors and what became of them."""
        return await self._rows(sql.DOWNLINKS, {"limit": limit})

    async def _device(self, name: str) -> Row:
        rows = await self._rows(sql.DEVICE, {"name": name})
        if not rows:
            raise ConfigurationError(f"no device named {name!r} is registered; see docs/registry.md")
        return rows[0]

    async def _source(self, name: str) -> Row:
        rows = await self._rows(sql.SOURCE, {"name": name})
        if not rows:
            raise ConfigurationError(f"there is no LoRaWAN source {name!r}; see `cityops lorawan sources`")
        return rows[0]

    async def _codec(self, text: str, by: str) -> Row:
        name, _, version = text.partition("@")
        if version and not version.isdecimal():
            raise ConfigurationError(f"codec {text!r}: a name, or name@version")
        wanted = {"name": name, "version": int(version) if version else None}
        rows = await self._rows(sql.CODEC, wanted)
        if not rows and not version and name in NATIVE:
            native = NATIVE[name]
            new = NewCodec(name=name, language="native", kind=native.kind, body=name, note=native.title)
            await self.add_codec(new, by)
            rows = await self._rows(sql.CODEC, wanted)
        if not rows:
            raise ConfigurationError(f"there is no codec {text!r}; see `cityops lorawan codecs`")
        return rows[0]

    def _check_codec(self, new: NewCodec) -> None:
        kind = self._kinds.get(new.kind)
        if kind is None:
            raise ConfigurationError(f"kind {new.kind!r}: there is none; kinds: {', '.join(self._kinds)}")
        if new.language == "native":
            if new.body not in NATIVE:
                raise ConfigurationError(
                    f"decoder {new.body!r}: there is none; there are {', '.join(NATIVE)}"
                )
            return
        if new.language == "javascript" and not any(name in new.body for name in DECODERS):
            raise ConfigurationError(
                "the JavaScript has no function decodeUplink(input) (LoRa Alliance TS013)"
            )
        try:
            read_map(new.field_map, kind)
        except MapError as e:
            raise ConfigurationError(f"the map can't be used: {e}") from e

    async def _rows(self, query: Any, values: Mapping[str, Any] | None = None) -> list[Row]:
        try:
            async with self._conn.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(query, values)
                return [] if cursor.description is None else await cursor.fetchall()
        except psycopg.errors.CheckViolation as e:
            raise ConfigurationError(f"the database refuses it: {e.diag.message_primary}") from e


def _check_source(new: NewSource) -> None:
    if _NAME.match(new.name) is None:
        raise ConfigurationError(f"source name {new.name!r}: lower case letters, digits and -, at most 41")
    if new.protocol not in ("ttn_v3", "chirpstack_v4"):
        raise ConfigurationError(f"protocol {new.protocol!r}: ttn_v3 or chirpstack_v4")
    if new.transport not in ("mqtt", "webhook"):
        raise ConfigurationError(f"transport {new.transport!r}: mqtt or webhook")
    unknown = sorted(new.settings.keys() - SETTINGS)
    if unknown:
        raise ConfigurationError(f"setting {unknown[0]!r}: there are {', '.join(sorted(SETTINGS))}")
    if new.transport == "mqtt" and not new.settings.get("host"):
        raise ConfigurationError("a source by MQTT needs --host")


def _plain(value: Any) -> Row:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
