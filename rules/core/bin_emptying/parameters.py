"""What the detection of emptyings can be told. Sources: docs/bins-level.md."""

from __future__ import annotations

import msgspec

from rules.core.bin_level.parameters import Count
from rules.core.figures import NotNegative, Percent, Positive, Share


class Sure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How sure each evidence alone makes, 0..1."""

    drop: Share = 0.9
    weak: Share = 0.6
    passed: Share = 0.3
    stopped: Share = 0.7
    tilt: Share = 0.6
    crew: Share = 0.9


class EmptyingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a falling fill is an emptying.

    Attributes:
        sparse_s: readings further apart say nothing of each other's noise (a daily level).
        drop_pct, drop_sd: a clear fall: so many points, so many standard deviations.
        empty_pct, empty_share: what may be left, in % or as a share of what was there; and what came since, by ``grow_share``
            times the bin's own rate, in all at most ``most_left_share`` of what was there.
        refractory_s: within this time it is the same emptying.
        rate_pct_h: rate of a bin whose own is not known.
        weak_pct: a fall of less is none; of less than ``drop_pct`` it must leave ``empty_pct`` and ``half_share`` of what was
            there, for ``weak_readings``.
        said_pct: with a lorry, a tilt or the crew's word this much is enough, with ``half_share`` left.
        again_pct, again_pct_h: the second low reading is at least so far below what was; and has risen by at most so much.
        back_pct: within so much of where it came from, a short rise was none.
        lorry_m, lorry_s, stop_m_s: a lorry so near, so long before or after, and standing where not faster.
        hindsight_s: for so long what is learnt later counts; sparse readings have four times as long.
        not_emptied_pct: "serviced but not emptied": it fell by less.
        not_emptied_from_pct: said of bins that were at least so full.
        sure: confidence by evidence: drop, weak (a drop that is not clear), pass (a lorry went by), stop, tilt, crew.
    """

    sparse_s: Positive
    drop_pct: Positive
    drop_sd: Positive
    empty_pct: Percent
    empty_share: Share
    refractory_s: NotNegative
    grow_share: Positive = 1.5
    most_left_share: Share = 0.5
    rate_pct_h: Positive = 0.6
    weak_pct: Positive = 12.0
    weak_readings: Count = 4
    said_pct: Positive = 10.0
    half_share: Share = 0.5
    again_pct: Positive = 10.0
    again_pct_h: Positive = 10.0
    back_pct: Positive = 10.0
    lorry_m: Positive = 40.0
    lorry_s: Positive = 1800.0
    stop_m_s: NotNegative = 1.5
    hindsight_s: Positive = 43_200.0
    not_emptied_pct: Positive = 15.0
    not_emptied_from_pct: Percent = 30.0
    sure: Sure = Sure()
