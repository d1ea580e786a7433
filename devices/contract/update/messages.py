"""What server and device say about updates.

Down, on ``firmware``: :class:`Firmware` as JSON, or a piece of a bundle as bytes (:func:`piece`), told apart by the
first byte. Up, on ``ask``: :class:`Said` and :class:`ChunkAsk`. Nothing of it is retained or relied on: what is lost
is said again by the device, which asks.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from devices.contract.update.manifest import MAX_BUNDLE_BYTES, Sha256

MAX_FRAME_BYTES = 16_384
"""A piece with its head: what any broker and a modem with little memory can take."""
MAX_PIECES = 16
"""Pieces that a device may ask for at once."""

_HEAD = struct.Struct(">B8sQI")
_MARK = 0xC1
PIECE_BYTES = MAX_FRAME_BYTES - _HEAD.size

Phase = Literal["idle", "offered", "fetching", "staged", "switching", "trying"]
Result = Literal["confirmed", "rolled_back", "refused"]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")]
"""No database keeps a NUL."""
UrlPath = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^(/[^\x00]*)?$")]
"""From the root of the website: put behind its address it leads to no other one."""


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bundle that a device may take.

    Attributes:
        bundle: SHA-256 of the file, in hex: its name everywhere.
        size: of the file [B].
        unpacked: of its files on the device [B].
        attempt: counts how often the server has offered it to this device: what failed is not tried again unasked.
        url: path of the file at the council's website; empty: by MQTT only.
    """

    bundle: Sha256
    serial: Annotated[int, msgspec.Meta(ge=1)]
    version: Short
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_BUNDLE_BYTES)]
    unpacked: Count
    attempt: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    url: UrlPath = ""


class Firmware(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Server to device: take this, or leave that (by the SHA-256 of the bundle)."""

    offer: Offer | None = None
    withdraw: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the last attempt at an update ended. ``code`` is for counting, ``reason`` for a person."""

    bundle: Sha256
    attempt: int
    result: Result
    code: Short = ""
    reason: Short = ""


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="update", tag_field="ask"):
    """Device to server: what runs, and how far an update is. Said after each connection and each change."""

    slot: Short
    serial: Count = 0
    version: Short = ""
    bundle: Short = ""
    phase: Phase = "idle"
    offered: Short = ""
    attempt: Count = 0
    held: Count = 0
    last: Outcome | None = None


class ChunkAsk(msgspec.Struct, frozen=True, kw_only=True, tag="chunk", tag_field="ask"):
    """Device to server: pieces of a bundle, from a byte on."""

    bundle: Sha256
    from_byte: Count = msgspec.field(name="from")
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_PIECES)]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a bundle."""

    mark: bytes
    from_byte: int
    body: bytes


def mark_of(bundle: str) -> bytes:
    """Return the eight bytes by which a piece names its bundle."""
    return bytes.fromhex(bundle[:16])


def piece(bundle: str, from_byte: int, body: bytes) -> bytes:
    """Return a piece as it goes on the wire; ValueError where it is too large."""
    if not 0 < len(body) <= PIECE_BYTES:
        raise ValueError(f"a piece of {len(body)} bytes; 1 to {PIECE_BYTES}")
    return _HEAD.pack(_MARK, mark_of(bundle), from_byte, zlib.crc32(body)) + body


def read_piece(frame: bytes) -> Piece | None:
    """Return the piece in ``frame``; None where it is none or was damaged on its way."""
    if len(frame) <= _HEAD.size or frame[0] != _MARK:
        return None
    _, mark, from_byte, crc = _HEAD.unpack_from(frame)
    body = frame[_HEAD.size :]
    return Piece(mark, from_byte, body) if zlib.crc32(body) == crc else None
