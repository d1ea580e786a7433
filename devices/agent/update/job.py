"""What the update's process is told, and what it answers."""

from __future__ import annotations

import msgspec

from devices.agent.update.state import InSlot


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be staged, and for which device.

    Attributes:
        root: of updates on the device.
        bundle: SHA-256 of the bundle's file.
        size: of the file [B].
        slot: to be filled.
        running_slot: whose files may be taken over; empty: none.
        keys_file: the list of keys that came with the card.
        kind, machine, python, running, floor, back_to, now_s: see :func:`check_fits`.
        url: where the file is, whole; empty: it is here already.
        tls_ca: whom to believe at ``url``; empty: the system's.
        rate_bytes_s: at most so fast [B/s].
    """

    root: str
    bundle: str
    size: int
    slot: str
    running_slot: str
    keys_file: str
    kind: str
    machine: str
    python: tuple[int, int]
    running: int
    floor: int
    back_to: tuple[int, ...]
    now_s: float | None
    url: str = ""
    tls_ca: str = ""
    rate_bytes_s: int = 65_536


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """How it went: the slot's content, or a code and words. ``network``: to be tried again, nothing is wrong."""

    slot: InSlot | None = None
    code: str = ""
    reason: str = ""
