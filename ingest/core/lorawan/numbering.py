"""Frame counters to (boot, seq) of the ledger (docs/adr/042-lorawan.md).

A run is a stretch in which a device's counter only goes up; its boot is the second in which the network
server first heard it, and the sequence number is the counter. A new session is a new run, and so is a
counter that went back in the same session: a device activated by personalisation (ABP) that was reset,
or one of 16 bits that came round. Runs are told by the network server's clock, not by the order in
which events reach us: what was delayed or is played again falls into its own run.

A run may hide a reset: a device that was reset while events were delayed, and whose next frame that came had a higher
counter again. What comes late then tells of it, by a counter that was not due at that time or that another frame had:
such a frame is a run of its own, for two frames with one number would be one reading in the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ingest.core.lorawan.events import Uplink

AGAIN = timedelta(seconds=60)
"""The same counter so soon is the same frame sent once more (confirmed uplinks, NbTrans); later it is a reset."""

_ALONE = "*"
"""Behind the session of a run that is one frame, which no other follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of a device's frame counter.

    Attributes:
        dev_eui: of which device.
        boot: its number in the ledger [s since 1970].
        session: session key id or device address; with ``*`` of a frame that is a run of its own.
        first_at, last_at: when the network server heard its first and its last frame.
        first_f_cnt, last_f_cnt: the counters of these.
    """

    dev_eui: str
    boot: int
    session: str
    first_at: datetime
    last_at: datetime
    first_f_cnt: int
    last_f_cnt: int


def assign(
    runs: Sequence[Run], uplink: Uplink, at: datetime, heard: Collection[datetime] = ()
) -> tuple[Run, Run | None]:
    """Return the run that ``uplink`` belongs to as it is then, and the one that it replaces (None: it is new).

    Args:
        runs: all of its device.
        uplink: a frame.
        at: when the network server heard it.
        heard: when it heard other frames of this counter, as far as is known; asked for where :func:`is_late`.
    """
    assert uplink.sender is not None
    mine = sorted((r for r in runs if r.session == uplink.session), key=lambda r: r.first_at)
    again = _same_frame(runs, uplink, at, heard)
    if again is not None:
        return again, again
    before = [r for r in mine if r.first_at <= at]
    if before:
        run = before[-1]
        if at < run.last_at:
            return _late(runs, run, uplink, at, heard)
        if uplink.f_cnt > run.last_f_cnt:
            return replace(run, last_at=at, last_f_cnt=uplink.f_cnt), run
        if uplink.f_cnt == run.last_f_cnt and at - run.last_at <= AGAIN:
            return run, run
    elif mine and uplink.f_cnt < mine[0].first_f_cnt:
        return replace(mine[0], first_at=at, first_f_cnt=uplink.f_cnt), mine[0]
    return _new(runs, uplink, at), None


def is_late(runs: Sequence[Run], uplink: Uplink, at: datetime) -> bool:
    """Whether a frame was heard within a run, so that it may be there already, or another with its counter."""
    return any(r.session == uplink.session and r.first_at - AGAIN <= at <= r.last_at + AGAIN for r in runs)


def _same_frame(runs: Sequence[Run], uplink: Uplink, at: datetime, heard: Collection[datetime]) -> Run | None:
    """Return the run of a frame that was heard by another way already, None for one that was not."""
    if not any(abs(other - at) <= AGAIN for other in heard):
        return None
    may = [
        run
        for run in runs
        if run.first_f_cnt <= uplink.f_cnt <= run.last_f_cnt
        and run.session in (uplink.session, uplink.session + _ALONE)
        and _apart(run, at) <= AGAIN
    ]
    return min(
        may, key=lambda r: (not r.session.endswith(_ALONE), _apart(r, at), at - r.first_at), default=None
    )


def _apart(run: Run, at: datetime) -> timedelta:
    """Return how far ``at`` lies outside of a run."""
    return max(run.first_at - at, at - run.last_at, timedelta(0))


def _late(
    runs: Sequence[Run], run: Run, uplink: Uplink, at: datetime, heard: Collection[datetime]
) -> tuple[Run, Run | None]:
    """Return the run of a frame whose time lies within ``run``: that one, unless the counter was reset in it."""
    f_cnt, first, last = uplink.f_cnt, run.first_f_cnt, run.last_f_cnt
    is_taken = any(run.first_at <= other <= run.last_at for other in heard)
    if first <= f_cnt <= last and not is_taken:
        return run, run
    if f_cnt > last and run.last_at - at <= AGAIN:
        return replace(run, last_f_cnt=f_cnt), run  # two network servers' clocks
    alone = _new(runs, uplink, at)
    return replace(alone, session=uplink.session + _ALONE), None


def _new(runs: Sequence[Run], uplink: Uplink, at: datetime) -> Run:
    taken = {run.boot for run in runs}
    boot = int(at.timestamp())
    while boot in taken:
        boot += 1
    assert uplink.sender is not None
    return Run(
        dev_eui=uplink.sender.dev_eui,
        boot=boot,
        session=uplink.session,
        first_at=at,
        last_at=at,
        first_f_cnt=uplink.f_cnt,
        last_f_cnt=uplink.f_cnt,
    )
