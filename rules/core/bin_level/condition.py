"""What is wrong with a bin or its sensor, beside how full it is."""

from __future__ import annotations

from msgspec.structs import replace

from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import BinCondition, Fills, Run

EDGE_READINGS = 6
FULL_EDGE, EMPTY_EDGE = 99.5, 0.5


def counted(run: Run | None, at_s: float, pct: float = 0.0) -> Run:
    """Return a run of readings with one more."""
    return Run(at_s, 1, pct) if run is None else Run(run.since_s, run.n + 1, pct)


def noted(f: Fills, at_s: float, fill: float) -> Fills:
    """Note whether a fill is exactly the last one, and whether it is nothing but 0 or 100 %."""
    held = counted(f.held if f.held is not None and f.held.pct == fill else None, at_s, fill)
    edge = None
    if fill >= FULL_EDGE or fill <= EMPTY_EDGE:
        side = 100.0 if fill >= FULL_EDGE else 0.0
        edge = counted(f.edge if f.edge is not None and f.edge.pct == side else None, at_s, side)
    return Fills(
        f.track, f.n, f.recent, f.filtered, f.odd, f.rise, f.jam, f.dip, f.fell, held, edge, None, f.tilted,
        f.pulse_s, f.emptied_s, f.cycle, f.rate_pct_h, f.judged_s,
    )  # fmt: skip


def without_echo(f: Fills, at_s: float) -> Fills:
    """Return what is remembered after a reading without an echo: the level stays what it was."""
    return replace(f, silent=counted(f.silent, at_s))


def tipped(f: Fills, at_s: float) -> Fills:
    """Return what is remembered after a report of a bin on its side: nothing is said of its fill."""
    tilted = counted(f.tilted, at_s)
    return replace(f, tilted=tilted, dip=None, odd=None)


def upright(f: Fills, at_s: float, p: FilterParameters) -> Fills:
    """Return what is remembered once a bin stands again.

    A moment was a bin being tipped. After longer its content may have been spilled: a fall from the level before is doubtful.
    """
    run = f.tilted
    if run is None:
        return f
    if at_s - run.since_s <= p.pulse_s:
        return replace(f, tilted=None, pulse_s=run.since_s)
    return replace(f, tilted=None, n=0)


def condition_of(f: Fills, at_s: float, stuck: bool, p: FilterParameters) -> BinCondition:
    """Return a bin's condition.

    Args:
        f: what is remembered.
        at_s: of its last reading [s since 1970].
        stuck: whether data quality has found its sensor stuck.
        p: what counts as what.
    """
    if f.tilted is not None and f.tilted.n >= p.tilt_readings:
        return "tilted"
    silent, jam, edge = f.silent, f.jam, f.edge
    if silent is not None and silent.n >= p.no_echo_readings and at_s - silent.since_s >= p.no_echo_after_s:
        return "no_echo"
    if stuck or (edge is not None and edge.n >= EDGE_READINGS and at_s - edge.since_s > p.edge_after_s):
        return "stuck"
    if jam is not None and jam.n >= p.blocked_readings and at_s - jam.since_s >= p.blocked_after_s:
        return "blocked"
    return "ok"
