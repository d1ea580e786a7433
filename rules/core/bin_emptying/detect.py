"""One reading of a bin: the level, a fall, an emptying."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from rules.core.bin_emptying import falls, judge, serviced
from rules.core.bin_emptying.evidence import NOTHING, Heard, heard_by, is_strong, support
from rules.core.bin_emptying.judge import Found
from rules.core.bin_emptying.parameters import EmptyingParameters
from rules.core.bin_level.condition import noted, tipped, upright, without_echo
from rules.core.bin_level.geometry import Shape
from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import Dip, Fills
from rules.core.bin_level.take import take

TILT_FORGOTTEN_S = 86_400.0
"""A device that tells a tilt only as an alarm may have lost the message that it stands again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading.

    Attributes:
        at_s: when it was measured [s since 1970].
        fill_pct: as measured [%]; None: no echo that can be true.
        reported: whether the device says the fill itself.
        tilt_deg: None where it does not say.
    """

    at_s: float
    fill_pct: float | None
    reported: bool = False
    tilt_deg: float | None = None


def observe(
    f: Fills, seen: Seen, shape: Shape, own: FilterParameters, p: EmptyingParameters, heard: Heard = NOTHING
) -> tuple[Fills, tuple[Found, ...]]:
    """Return what is remembered of a bin after a reading, and what it shows.

    Args:
        f: before.
        seen: the reading, later than the last one.
        shape: the bin.
        own: of the filter.
        p: of emptyings.
        heard: lorries near the bin and what was said of it.
    """
    at_s, fill = seen.at_s, seen.fill_pct
    if seen.tilt_deg is not None and seen.tilt_deg > own.tilt_deg:
        return tipped(f, at_s), ()
    if f.tilted is not None and seen.tilt_deg is not None:
        f = upright(f, at_s, own)
    elif f.tilted is not None:
        if at_s - f.tilted.since_s < TILT_FORGOTTEN_S:
            return f, ()  # it has not said that it stands again
        f = upright(f, at_s, own)
    if fill is None:
        return without_echo(f, at_s), ()
    noise_pct = shape.reported_sd_pct if seen.reported else shape.noise_pct
    before, f = f, _taken(f, seen, fill, noise_pct, shape, own, p)
    if f.fell is None and not heard.acts and not heard.passes:
        return f, ()
    return _looked(before, f, at_s, noise_pct, heard, p)


def _taken(
    f: Fills, seen: Seen, fill: float, noise_pct: float, shape: Shape, own: FilterParameters, p: EmptyingParameters
) -> Fills:  # fmt: skip
    """Return what is remembered of a valid fill: in a fall, or taken."""
    at_s, dip = seen.at_s, f.dip
    if dip is None:
        if falls.opens(f, at_s, fill, noise_pct, p):
            return noted(falls.opened(f, at_s, fill), at_s, fill)
        return take(noted(f, at_s, fill), at_s, fill, noise_pct, shape, own, p.sparse_s, seen.reported)
    what = falls.again(f, dip, at_s, fill, noise_pct, shape, p, seen.reported)
    f = noted(f, at_s, fill)
    if what == "low":
        return falls.fallen(f, dip, at_s, fill, noise_pct, own, p, seen.reported)
    if what == "lower":
        return falls.lower(f, dip, at_s, fill)
    if what == "missed":
        return falls.missed(f, dip, at_s, fill)
    return take(replace(f, dip=None), at_s, fill, noise_pct, shape, own, p.sparse_s, seen.reported)


def _looked(
    before: Fills, f: Fills, at_s: float, noise_pct: float, heard: Heard, p: EmptyingParameters
) -> tuple[Fills, tuple[Found, ...]]:
    """Look at the last fall again, and at what somebody says was serviced."""
    heard = heard_by(heard, at_s)
    dip = f.dip
    if dip is not None:
        if dip.low_s == at_s and _is_borne_out(f, dip, heard, p):
            return replace(f, filtered=(dip.low_pct,)), ()
        return f, ()
    if before.fell is not None and f.fell is before.fell:
        f = judge.count(f)
    if f.rise is not None and f.rise.since_s == at_s:
        f, found = judge.back(f, at_s, noise_pct, p)
        if found:
            return f, found
    f, found = judge.judged(f, at_s, noise_pct, heard, p)
    f, denied = serviced.not_emptied(f, at_s, heard, p)
    return f, (*found, *denied)


def _is_borne_out(f: Fills, dip: Dip, heard: Heard, p: EmptyingParameters) -> bool:
    """Whether a first low reading is shown already: the next may be a day away, and somebody emptied the bin."""
    sparse = f.track is not None and dip.low_s - f.track.at_s > p.sparse_s
    return sparse and is_strong(support(heard, f.pulse_s, dip.pre_s, dip.low_s, p), p)
