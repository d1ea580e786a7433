"""Messages beside readings: receipts, status, diary; and the reading's envelope.

A reading is a JSON object, or an array of them (a backlog)::

    {"ts": "2026-01-09T05:10:00Z" | epoch ms, "boot": 3829, "seq": 1207, ...fields...}

``boot`` changes at each start of the device, ``seq`` counts within it. ``mono_ms``
(milliseconds since boot) and ``clk`` (0 never synchronised, 1 restored, 2 synchronised,
3 stepped) are optional and let the server repair a wrong clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

MAX_PAYLOAD_BYTES = 65_536
"""Largest payload of one message; a broker may allow less."""

MAX_SEQ = 2**62

Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
ClockState = Annotated[int, msgspec.Meta(ge=0, le=2**15 - 1)]
"""0 to 3 today; a newer firmware may know more."""
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)] | Milliseconds

Activity = Literal["shower", "cooking", "washing", "window", "heating", "other"]


class BootReceipt(msgspec.Struct, frozen=True, gc=False):
    """Sequences of one boot that the server holds: closed ranges [first, last]."""

    boot: int
    ranges: tuple[tuple[int, int], ...]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Server to device, after COMMIT: what the device may forget.

    The ranges are those of the server's ledger around the batch just stored; a
    sequence that the device sent and that lies in a gap of them was not received.
    """

    received: tuple[BootReceipt, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Device to server, retained: birth message, and last will with online=False.

    ``install`` is made with the device's outbox: two live devices that show different ones under one
    name are a copied identity. ``wall_ms`` and ``mono_ms`` are the device's two clocks when it said
    this, for the server's one offset per boot. ``trouble`` is what is wrong with the device's card while
    it keeps readings in memory; ``lost`` counts the entries of this start that it had to give up.
    """

    online: bool
    boot: int = 0
    firmware: str = ""
    outbox: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0
    oldest_unreceipted: datetime | None = None
    clk: int = 0
    install: str = ""
    wall_ms: Milliseconds | None = None
    mono_ms: Milliseconds | None = None
    trouble: str = ""
    lost: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class Diary(msgspec.Struct, frozen=True, kw_only=True):
    """Device to server: a press of the frog's lily-pad button, or on its own page.

    ``source`` is ``button`` or ``page``; firmware that does not say is ``device``.
    """

    ts: Timestamp
    activity: Activity
    boot: Seq
    seq: Seq
    note: str = ""
    source: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}$")] = "device"


_ENCODER = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """Return the message as JSON."""
    return _ENCODER.encode(message)
