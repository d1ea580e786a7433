"""From an echo to a fill, and from falling fills to an emptying.

A sensor in the lid measures the distance to the content. Echoes lie: some readings are
sentinels, some come from a wall or the lid. So a fill is the median of the last three
valid ones, an emptying needs two low readings in a row, and a missing echo is missing,
never 0 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from rules.core.parameters import EmptyingParameters, FilterParameters

WINDOW = 3
"""Readings of which the median is taken, and of which two must be full."""

KEEP = 6
"""Valid readings remembered."""

BASE, BASE_AT_LEAST = 5, 4
"""Readings whose median a fall is measured from: two echoes from the lid in a row must not make it."""


def echo_mm(distance_mm: float | None, empty_mm: float, p: FilterParameters) -> float | None:
    """Return a distance that can be true [mm], else None.

    Sentinels, anything in the blind zone before the sensor, and echoes from beyond the
    empty bin's floor are no distances.
    """
    if distance_mm is None or distance_mm in p.sentinels_mm or distance_mm < p.blind_mm:
        return None
    return None if distance_mm > empty_mm * (1.0 + p.beyond_empty_share) else distance_mm


def compensated_mm(distance_mm: float, temperature_c: float | None, p: FilterParameters) -> float:
    """Return a distance corrected for the speed of sound [mm].

    ``v = 331.3 sqrt(1 + T / 273.15)``: 0.17 % per °C. Nothing changes where the device
    does it itself or the temperature is unknown.
    """
    if p.device_compensates or temperature_c is None:
        return distance_mm
    return distance_mm * float(((273.15 + temperature_c) / (273.15 + p.reference_c)) ** 0.5)


def fill_pct(distance_mm: float, empty_mm: float, full_mm: float) -> float:
    """Return the fill of a bin [%], 0..100, linear between empty and full distance."""
    share = (empty_mm - distance_mm) / (empty_mm - full_mm)
    return 100.0 * min(1.0, max(0.0, share))


class Fills(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a bin's fill.

    Attributes:
        recent: (time [s], fill [%]) of the last valid readings since the last emptying.
        filtered: medians, newest last [%].
        pre_pct, low_s, low_pct: an emptying that the next reading must confirm: fill
            before, time and fill of the first low reading.
        emptied_s: time of the last emptying [s since 1970].
    """

    recent: tuple[tuple[float, float], ...] = ()
    filtered: tuple[float, ...] = ()
    pre_pct: float | None = None
    low_s: float = 0.0
    low_pct: float = 0.0
    emptied_s: float | None = None

    @property
    def fill_pct(self) -> float | None:
        """The filtered fill [%]; None before the first reading."""
        return self.filtered[-1] if self.filtered else None


class Emptied(msgspec.Struct, frozen=True):
    """An emptying: when, and the fill before and after [%]."""

    at_s: float
    before_pct: float
    after_pct: float


def median(values: Iterable[float]) -> float:
    """Return the median of a few values, at least one; as ``statistics.median``, without its checks."""
    found = sorted(values)
    half, odd = divmod(len(found), 2)
    return found[half] if odd else (found[half - 1] + found[half]) / 2


def sd_pct(recent: Sequence[tuple[float, float]], noise_pct: float, sparse_s: float) -> float:
    """Return the standard deviation of a fill [%]: the readings' own, at least the sensor's.

    Readings more than ``sparse_s`` apart differ by what was thrown in, not by noise.
    """
    steps = [abs(b[1] - a[1]) for a, b in pairwise(recent) if b[0] - a[0] <= sparse_s]
    if len(steps) < 2:
        return noise_pct
    # Differences of two readings spread sqrt(2) wider; 1.4826 makes a median of deviations one sd.
    return max(noise_pct, 1.4826 * median(steps) / 2**0.5)


def observe(
    fills: Fills, at_s: float, fill: float, noise_pct: float, p: EmptyingParameters
) -> tuple[Fills, Emptied | None]:
    """Return what is remembered after a valid fill reading, and the emptying it confirms.

    Args:
        fills: before.
        at_s: time of the reading [s since 1970], later than the last one's.
        fill: as measured [%].
        noise_pct: standard deviation of one reading [%].
        p: what counts as an emptying.
    """
    if fills.pre_pct is not None:
        if _confirms(fills, fills.pre_pct, at_s, fill, noise_pct, p):
            return _emptied(fills, fills.pre_pct, at_s, fill, p)
        fills = msgspec.structs.replace(fills, pre_pct=None)  # a false echo, not an emptying
        return _take(fills, at_s, fill, p), None
    before = _before(fills, at_s, p)
    if before is not None and before - fill >= p.drop_pct:
        noise = sd_pct(fills.recent, noise_pct, p.sparse_s)
        if _is_drop(before, fill, noise, p):
            return msgspec.structs.replace(fills, pre_pct=before, low_s=at_s, low_pct=fill), None
    return _take(fills, at_s, fill, p), None


def _before(fills: Fills, at_s: float, p: EmptyingParameters) -> float | None:
    """Return the fill that a new reading is compared with [%].

    The median of the last readings; the last one alone where readings are sparse.
    """
    if not fills.recent:
        return None
    last_s, last = fills.recent[-1]
    if at_s - last_s > p.sparse_s:
        return last
    if len(fills.recent) < BASE_AT_LEAST:
        return None
    return median([f for _, f in fills.recent[-BASE:]])


def _confirms(
    fills: Fills, pre_pct: float, at_s: float, fill: float, noise_pct: float, p: EmptyingParameters
) -> bool:
    """Whether the second reading says that the first low one was true.

    It must be low as well; hours later it may have filled again, and must only be well
    below what was before, where a false echo would have gone back to.
    """
    if at_s - fills.low_s > p.sparse_s:
        return pre_pct - fill >= p.drop_pct
    return _is_drop(pre_pct, fill, noise_pct, p)


def _is_drop(before: float, after: float, noise_pct: float, p: EmptyingParameters) -> bool:
    far = before - after >= max(p.drop_pct, p.drop_sd * noise_pct)
    return far and (after <= p.empty_pct or after <= p.empty_share * before)


def _take(fills: Fills, at_s: float, fill: float, p: EmptyingParameters) -> Fills:
    recent = (*fills.recent, (at_s, fill))[-KEEP:]
    middle = median([f for t, f in recent[-WINDOW:] if at_s - t <= WINDOW * p.sparse_s])
    filtered = (*fills.filtered, middle)[-WINDOW:]
    return Fills(recent, filtered, fills.pre_pct, fills.low_s, fills.low_pct, fills.emptied_s)


def _emptied(
    fills: Fills, before: float, at_s: float, fill: float, p: EmptyingParameters
) -> tuple[Fills, Emptied | None]:
    sparse = at_s - fills.low_s > p.sparse_s
    after = fills.low_pct if sparse else (fills.low_pct + fill) / 2.0
    again = fills.emptied_s is not None and fills.low_s - fills.emptied_s < p.refractory_s
    fresh = Fills(
        recent=((fills.low_s, fills.low_pct), (at_s, fill)),
        filtered=(after, fill) if sparse else (after,),
        emptied_s=fills.emptied_s if again else fills.low_s,
    )
    return fresh, None if again else Emptied(fills.low_s, before, after)
