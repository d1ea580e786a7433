"""Rules by which bins' emptyings were found before: the usual drop rule, and this project's first one.

The drop rule is what the literature calls the legacy one (Rutqvist 2018): a reading that is so much lower than the one
before it, whatever comes after. The first one here asked for two low readings after a median of five.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]
"""Time [s] and fill [%]."""
DROP_PCT, EMPTY_PCT, EMPTY_SHARE, DROP_SD = 25.0, 20.0, 0.35, 5.0
SPARSE_S, REFRACTORY_S = 10_800.0, 21_600.0
KEEP, BASE, BASE_AT_LEAST = 6, 5, 4


def drop_rule(points: Iterable[Point], drop_pct: float = 40.0) -> list[float]:
    """Return when a fill was ``drop_pct`` points below the one before [s]."""
    return [b[0] for a, b in pairwise(points) if a[1] - b[1] >= drop_pct]


@dataclass
class _First:
    """What the first rule remembers."""

    recent: list[Point] = field(default_factory=list)
    pre_pct: float | None = None
    low_s: float = 0.0
    emptied_s: float | None = None


def first_rule(points: Iterable[Point], noise_pct: float) -> list[float]:
    """Return when two readings in a row were low after a median of five that was not [s]."""
    f, found = _First(), list[float]()
    for at_s, fill in points:
        if f.pre_pct is not None:
            pre, f.pre_pct = f.pre_pct, None
            if _confirms(pre, f.low_s, at_s, fill, noise_pct):
                if f.emptied_s is None or f.low_s - f.emptied_s >= REFRACTORY_S:
                    found.append(f.low_s)
                    f.emptied_s = f.low_s
                f.recent = [(f.low_s, fill), (at_s, fill)]
                continue
        before = _before(f, at_s)
        if before is not None and _is_drop(before, fill, max(noise_pct, _sd_pct(f.recent))):
            f.pre_pct, f.low_s = before, at_s
        else:
            f.recent = [*f.recent, (at_s, fill)][-KEEP:]
    return found


def _confirms(pre: float, low_s: float, at_s: float, fill: float, noise_pct: float) -> bool:
    return pre - fill >= DROP_PCT if at_s - low_s > SPARSE_S else _is_drop(pre, fill, noise_pct)


def _is_drop(before: float, after: float, noise_pct: float) -> bool:
    far = before - after >= max(DROP_PCT, DROP_SD * noise_pct)
    return far and (after <= EMPTY_PCT or after <= EMPTY_SHARE * before)


def _before(f: _First, at_s: float) -> float | None:
    if not f.recent:
        return None
    if at_s - f.recent[-1][0] > SPARSE_S:
        return f.recent[-1][1]
    if len(f.recent) < BASE_AT_LEAST:
        return None
    return _median([v for _, v in f.recent[-BASE:]])


def _sd_pct(recent: list[Point]) -> float:
    steps = [abs(b[1] - a[1]) for a, b in pairwise(recent) if b[0] - a[0] <= SPARSE_S]
    return 1.4826 * _median(steps) / 2**0.5 if len(steps) > 1 else 0.0


def _median(values: list[float]) -> float:
    found, half = sorted(values), len(values) // 2
    return found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2
