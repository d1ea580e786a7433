"""Codecs of LoRaWAN sensors as people write, try and bind them: values and a protocol. Must not know HTTP nor the ingester."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Row = dict[str, Any]
LANGUAGES: Mapping[str, str] = {
    "javascript": "JavaScript (TS013)",
    "map": "none: the network server decodes",
    "native": "a decoder of ours",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A codec as it is typed.

    Attributes:
        name: lower case letters, digits and ``_.-``.
        kind: of the devices it is for.
        language: of :data:`LANGUAGES`.
        source: JavaScript, or the name of a decoder of ours.
        field_map: JSON: which of its names is which field; empty: none.
        note: for people.
    """

    name: str = ""
    kind: str = ""
    language: str = "javascript"
    source: str = ""
    field_map: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a codec made of an uplink; nothing of it is stored.

    Attributes:
        taken_for: what the pasted text was taken for.
        payload_hex, f_port, dev_eui: the uplink; ``dev_eui`` empty where not told.
        data: the decoded object; None: there is none.
        errors, warnings: the codec's own.
        notes: what JSON could not say, an older function.
        problem: why the codec gave nothing; empty: it gave something.
        readings: what would be stored, by field, with the time that the uplink itself says.
        faults: why it would be set aside.
        not_measured: fields of which the uplink says that nothing was measured, and how.
    """

    taken_for: str = ""
    payload_hex: str = ""
    f_port: int = 0
    dev_eui: str = ""
    data: Mapping[str, Any] | None = None
    errors: Sequence[str] = ()
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()
    problem: str = ""
    readings: Sequence[tuple[datetime | None, Mapping[str, float]]] = ()
    faults: Sequence[str] = ()
    not_measured: Mapping[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether a reading would be stored."""
        return bool(self.readings) and not (self.faults or self.problem or self.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A sensor that was bound: the device, name and version of the codec, and how many events are played again."""

    device: str
    codec: str
    again: int


class DraftRefusedError(Exception):
    """Something typed can't be used: the sentence says what, for the person who typed it."""


class CodecDesk(Protocol):
    """See the module.

    Raises:
        DraftRefusedError: of what takes something typed.
        TransientError: the database can't be asked now.
    """

    async def codecs(self) -> list[Row]:
        """Return the newest version of each codec, with how many sensors are bound to any of its versions."""

    async def versions(self, name: str) -> list[Row]:
        """Return the versions of a codec, newest first; none: there is no such codec."""

    async def bound(self, name: str | None = None) -> list[Row]:
        """Return bound sensors, of one codec or of all, and what became of their last uplink."""

    async def heard(self) -> list[Row]:
        """Return sensors that were heard and are bound to no device, with their last uplink."""

    async def try_out(self, draft: Draft, example: str, f_port: int) -> Trial:
        """Return what a draft makes of an uplink."""

    async def save(self, draft: Draft, by: str) -> int:
        """Keep a draft as a new version of its name; return its number. What does not load is not kept."""

    async def bind(self, dev_eui: str, device: str, codec: str, by: str, note: str = "") -> Bound:
        """Say which device a sensor is, by which codec (``name`` or ``name@version``)."""

    async def unbind(self, dev_eui: str, by: str) -> str:
        """End a binding; return the device's name."""
