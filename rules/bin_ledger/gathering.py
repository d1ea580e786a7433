"""Gathers what a statement is made from, and makes it."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from cityops.errors import ConfigurationError
from rules.bin_ledger.ports import LedgerSettings, LedgerSource
from rules.core.bin_ledger.calendar import calendar
from rules.core.bin_ledger.making import Made, make
from rules.core.bin_ledger.values import Inputs, Method
from rules.core.bin_ledger.verifying import document

LEAD_DAYS = 7
"""Days before the period that are read, so that the fixed days stand where they would at its begin."""


class NoScheduleError(ConfigurationError):
    """Nobody has set the fixed days that are compared with."""

    def __init__(self) -> None:
        super().__init__(
            "no fixed schedule is set: `cityops bins schedule set FILE.toml --why …` says what is compared with"
        )


@dataclass(frozen=True, slots=True)
class LedgerRoom:
    """What statements are made from: source and settings, the town's name, the name of its zone, and the method."""

    source: LedgerSource
    settings: LedgerSettings
    town: str
    zone: str
    method: Method = field(default_factory=Method)


async def gather(room: LedgerRoom, first: date, last: date) -> Inputs:
    """Return all that a statement of some days is made from.

    Raises:
        NoScheduleError: there is nothing to compare with.
        TransientError: the database does not answer.
    """
    compared = await room.settings.compared()
    if compared is None:
        raise NoScheduleError
    cal = calendar(first - timedelta(days=LEAD_DAYS), last, room.zone)
    emptyings = await room.source.emptyings(cal.first_s, cal.last_s)
    begin_s = float(cal.edges_s[LEAD_DAYS])
    return Inputs(
        town=room.town, zone=room.zone, first=first, last=last, bins=await room.source.bins(),
        traces=await room.source.traces(cal.first_s, cal.last_s, emptyings), emptyings=emptyings,
        rounds=await room.source.rounds(first, last), complaints=await room.source.complaints(begin_s, cal.last_s),
        work=await room.source.work(begin_s, cal.last_s), schedule=compared.schedule, baseline=compared.baseline,
        tariffs=await room.settings.tariffs(), method=room.method, notes=compared.notes,
    )  # fmt: skip


async def state(
    room: LedgerRoom, first: date, last: date, *, over: bool, made_at: datetime, by: str
) -> tuple[Made, bytes]:
    """Return a statement and its file; the work is done beside the event loop. Raises as :func:`gather`."""
    inputs = await gather(room, first, last)

    def work() -> tuple[Made, bytes]:
        made = make(inputs, over=over)
        return made, document(made, made_at=made_at.isoformat(), by=by, over=over)

    return await asyncio.to_thread(work)


def packed(data: bytes) -> bytes:
    """Return a document packed; the same bytes for the same document."""
    return gzip.compress(data, 6, mtime=0)


def unpacked(data: bytes) -> bytes:
    """Return a document, packed or not.

    Raises:
        ConfigurationError: it is damaged.
    """
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise ConfigurationError(f"the statement's file is damaged: {error}") from error
