"""Hits, false alarms, misses and correct rejections, and what is counted of them.

Measures are None where nothing can be said: a rate of nothing is not zero. FAR, the share of warnings
that were false, and POFD, the share of harmless nights with a warning, are two things, both called
"false alarm rate" by some.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Outcome = Literal["hit", "false_alarm", "miss", "correct_rejection", "unknown"]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """So many of each; ``unknown``: nobody measured whether there was frost."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0
    correct_rejections: int = 0
    unknown: int = 0

    @property
    def judged(self) -> int:
        """How many could be judged."""
        return self.hits + self.false_alarms + self.misses + self.correct_rejections

    def __add__(self, other: Counts) -> Counts:
        """Return both together."""
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Counts(
            **dict(
                zip(self.__struct_fields__, (a + b for a, b in zip(mine, theirs, strict=True)), strict=True)
            )
        )


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of a table of a hits, b false alarms, c misses, d correct rejections.

    Attributes:
        n: a + b + c + d.
        pod: probability of detection a/(a+c); miss_rate: c/(a+c).
        far: false alarm ratio b/(a+b).
        pofd: probability of false detection b/(b+d).
        tss: true skill score (Peirce) POD - POFD; 0 = no skill.
        bias: (a+b)/(a+c); above 1 it warns too often.
        percent_correct: 100 (a+d)/n: says little where frost is rare.
        csi: critical success index a/(a+b+c).
        hss: Heidke skill score 2(ad-bc)/((a+c)(c+d)+(a+b)(b+d)).
    """

    n: int
    pod: float | None
    miss_rate: float | None
    far: float | None
    pofd: float | None
    tss: float | None
    bias: float | None
    percent_correct: float | None
    csi: float | None
    hss: float | None


def counted(outcomes: Iterable[Outcome]) -> Counts:
    """Return how many there are of each."""
    found = list(outcomes)
    return Counts(
        hits=found.count("hit"), false_alarms=found.count("false_alarm"), misses=found.count("miss"),
        correct_rejections=found.count("correct_rejection"), unknown=found.count("unknown"),
    )  # fmt: skip


def measures(t: Counts) -> Measures:
    """Return what is counted of a table."""
    a, b, c, d = t.hits, t.false_alarms, t.misses, t.correct_rejections
    pod, pofd = _share(a, a + c), _share(b, b + d)
    right = _share(a + d, t.judged)
    return Measures(
        n=t.judged, pod=pod, miss_rate=_share(c, a + c), far=_share(b, a + b), pofd=pofd,
        tss=None if pod is None or pofd is None else pod - pofd, bias=_share(a + b, a + c),
        percent_correct=None if right is None else 100.0 * right, csi=_share(a, a + b + c),
        hss=_share(2 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d)),
    )  # fmt: skip


def outcome_of(hazard_from_s: float | None, warned_s: float | None, is_known: bool) -> Outcome:
    """Return how a warning did.

    Args:
        hazard_from_s: when a hazard began (:mod:`rules.core.winter_scores.hazard`) [s since 1970]; None: there was none.
        warned_s: since when the warning was there that stood then; None: none stood. One that was
            asked for only later is a miss.
        is_known: whether anybody measured.
    """
    if not is_known:
        return "unknown"
    if hazard_from_s is None:
        return "correct_rejection" if warned_s is None else "false_alarm"
    return "hit" if warned_s is not None and warned_s <= hazard_from_s else "miss"


def _share(part: float, of: float) -> float | None:
    return None if of == 0 else part / of
