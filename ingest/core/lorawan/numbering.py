"""Frame counters to (boot, seq) of the ledger (docs/adr/042-lorawan.md).

A run is a stretch in which a device's counter only goes up; its boot is the second in which the network
server first heard it, and the sequence number is the counter. A new session is a new run, and so is a
counter that went back in the same session: a device activated by personalisation (ABP) that was reset,
or one of 16 bits that came round. Runs are told by the network server's clock, not by the order in
which events reach us: what was delayed or is played again falls into its own run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ingest.core.lorawan.events import Uplink

AGAIN = timedelta(seconds=60)
"""The same counter so soon is the same frame sent once more (confirmed uplinks, NbTrans); later it is a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of a device's frame counter.

    Attributes:
        dev_eui: of which device.
        boot: its number in the ledger [s since 1970].
        session: session key id or device address.
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


def assign(runs: Sequence[Run], uplink: Uplink, at: datetime) -> tuple[Run, Run | None]:
    """Return the run that ``uplink`` belongs to as it is then, and the one that it replaces (None: it is new).

    Args:
        runs: all of its device.
        uplink: a frame.
        at: when the network server heard it.
    """
    assert uplink.sender is not None
    mine = sorted((r for r in runs if r.session == uplink.session), key=lambda r: r.first_at)
    before = [r for r in mine if r.first_at <= at]
    if before:
        run = before[-1]
        if at < run.last_at:
            return run, run
        if uplink.f_cnt > run.last_f_cnt:
            return replace(run, last_at=at, last_f_cnt=uplink.f_cnt), run
        if uplink.f_cnt == run.last_f_cnt and at - run.last_at <= AGAIN:
            return run, run
    elif mine and uplink.f_cnt < mine[0].first_f_cnt:
        return replace(mine[0], first_at=at, first_f_cnt=uplink.f_cnt), mine[0]
    return _new(runs, uplink, at), None


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
