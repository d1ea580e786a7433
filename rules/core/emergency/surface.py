"""What is known of the roads now, and how much slower they are for it.

A road's pace is the time along it over the time along it when dry, at least 1. What the surface is said to be gives
one pace; the chance that it is icy by now mixes in that of ice. The range is not of the sum of independent roads: the
same frost lies on all of them, so that the slow end of a way is where all its roads are slow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.emergency.parameters import ICY, SURFACES, UNKNOWN, WayParameters
from rules.core.psychrometrics import Floats

HOUR_S = 3600.0


@dataclass(frozen=True)
class Conditions:
    """What is known of each segment of a network, one entry each.

    Attributes:
        code: of ``SURFACES``.
        age_s: of what is known [s]; infinite where nothing is.
        p_ice: chance of ice, snow or frost now (0..1); NaN where nobody forecasts it.
        treated_s: since salt was spread [s]; infinite where none was.
    """

    code: NDArray[np.int8]
    age_s: Floats
    p_ice: Floats
    treated_s: Floats

    @classmethod
    def unknown(cls, count: int) -> Conditions:
        """Return that nothing is known of so many segments."""
        far = np.full(count, np.inf)
        return cls(np.full(count, UNKNOWN, dtype=np.int8), far, np.full(count, np.nan), far)

    @classmethod
    def all_dry(cls, count: int) -> Conditions:
        """Return dry roads, measured now."""
        zero = np.zeros(count)
        return cls(np.zeros(count, dtype=np.int8), zero, zero, np.full(count, np.inf))


@dataclass(frozen=True)
class Paces:
    """Times over dry times, one entry a segment: usual, and the ends of the range; 1 <= fast <= usual <= slow.

    ``icy``: whether it is to be named; ``treated``: whether salt lies on it.
    """

    usual: Floats
    fast: Floats
    slow: Floats
    icy: NDArray[np.bool_]
    treated: NDArray[np.bool_]


def paces(conditions: Conditions, p: WayParameters) -> Paces:
    """Return how much slower each road is for its surface.

    Args:
        conditions: what is known.
        p: shares of speed and settings.
    """
    c, s = conditions, p.settings
    treated = c.treated_s <= s.treated_h * HOUR_S
    icy_code = np.isin(c.code, [SURFACES.index(name) for name in ICY])
    usual, slow, fast = (_paces(c, p, which, treated & icy_code) for which in ("usual", "slow", "fast"))
    # Beyond its time what is known is no longer sure, and the road may be anything.
    stale = (c.age_s > s.stale_min * 60.0) | (c.code == UNKNOWN)
    unsure = p.surface["unknown"]
    slow = np.where(stale, np.maximum(slow, 1.0 / unsure.slow), slow)
    fast = np.where(stale, np.minimum(fast, 1.0 / unsure.fast), fast)
    # Of a road that is icy already the chance says nothing more; of another it is how much of ice is mixed in.
    chance = np.where(icy_code, 0.0, np.nan_to_num(c.p_ice, nan=0.0))
    ice = _of_ice(p, treated)
    usual = (1.0 - chance) * usual + chance * np.maximum(usual, ice["usual"])
    slow = np.where(chance >= s.icy_from, np.maximum(slow, ice["slow"]), slow)
    fast = np.where(chance > 1.0 - s.icy_from, np.maximum(fast, ice["fast"]), fast)
    return Paces(
        usual=usual, fast=np.minimum(fast, usual), slow=np.maximum(slow, usual),
        icy=icy_code | (chance >= s.icy_from), treated=treated,
    )  # fmt: skip


def _paces(c: Conditions, p: WayParameters, which: str, helped: NDArray[np.bool_]) -> Floats:
    shares = np.array([getattr(p.surface[name], which) for name in SURFACES])[c.code]
    return np.asarray(1.0 / np.where(helped, _with_salt(shares, p), shares), dtype=np.float64)


def _of_ice(p: WayParameters, treated: NDArray[np.bool_]) -> dict[str, Floats]:
    found = {}
    for which in ("usual", "slow", "fast"):
        share = np.full(len(treated), getattr(p.surface["ice"], which))
        found[which] = np.asarray(1.0 / np.where(treated, _with_salt(share, p), share), dtype=np.float64)
    return found


def _with_salt(share: Floats, p: WayParameters) -> Floats:
    return share + p.settings.treated_gain * (1.0 - share)
