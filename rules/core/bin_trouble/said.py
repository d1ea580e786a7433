"""What still stands of what crews and residents said of a bin. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.core.collection_acts.model import (
    BLOCKED,
    COLLECTED,
    CONTAMINATED,
    NOT_OUT,
    REPORTED_DAMAGED,
    REPORTED_FULL,
    REPORTED_OVERFLOWING,
    WITHDRAWN,
    Act,
)

FAILED = (BLOCKED, CONTAMINATED, NOT_OUT)
"""What a crew says of a visit that emptied nothing."""
CREW = (COLLECTED, *FAILED)


@dataclass(frozen=True, slots=True)
class Said:
    """What stands: of each kind the last act, None where there is none.

    Attributes:
        collected_s: when the crew last said that it emptied the bin, and nothing denies it [s since 1970].
        failed: visits since the last emptying that could not empty it.
        denied: whether somebody's word that it was serviced is denied by the level, and nothing has emptied it since.
        taken_back: whether the word that the level denied has been taken back: nobody is accused any more.
    """

    blocked: Act | None = None
    contaminated: Act | None = None
    not_out: Act | None = None
    damaged: Act | None = None
    full: Act | None = None
    overflowing: Act | None = None
    collected_s: float | None = None
    failed: int = 0
    denied: bool = False
    taken_back: bool = False


NOTHING = Said()


def said_of(
    acts: Sequence[Act], at_s: float, emptied_s: float | None, denied_s: float | None, apart_s: float
) -> Said:
    """Return what stands of acts.

    Args:
        acts: oldest first.
        at_s: now: what counts later has not been said yet [s since 1970].
        emptied_s: the last emptying that the sensor found [s since 1970]; None: none yet.
        denied_s: the last service that the level denied [s since 1970]; None: none.
        apart_s: what is said within so long is of one visit [s].
    """
    counted = [a for a in acts if a.from_s <= at_s]
    gone = {a.number for a in counted if a.what == WITHDRAWN}
    kept = [a for a in counted if a.number not in gone]
    taken_back = any(a.number in gone and a.what == COLLECTED and a.at_s == denied_s for a in counted)
    denied = denied_s is not None and not taken_back and not _later(emptied_s, denied_s)
    words = [a.at_s for a in kept if a.what == COLLECTED and not (denied and _later(denied_s, a.at_s, True))]
    collected_s = max(words, default=None)
    done_s = max((t for t in (collected_s, emptied_s) if t is not None), default=None)
    since = [a for a in kept if done_s is None or a.at_s > done_s]
    return Said(
        blocked=_last(since, BLOCKED),
        contaminated=_last(kept, CONTAMINATED, collected_s),  # who else emptied it did not see to it
        not_out=_last(since, NOT_OUT),
        damaged=_last(kept, REPORTED_DAMAGED, collected_s),
        full=_last(since, REPORTED_FULL),
        overflowing=_last(since, REPORTED_OVERFLOWING),
        collected_s=collected_s,
        failed=_visits([a.at_s for a in since if a.what in FAILED], apart_s),
        denied=denied,
        taken_back=taken_back,
    )


def kept(acts: Sequence[Act], most: int) -> tuple[Act, ...]:
    """Return the acts to remember: the last of crews and the last of residents, so that neither push out the others.

    Of each kind the last one stays, and the last one that was not taken back: a collection that is forgotten would let
    stand again what it has ended. What takes an act back stays as long as the act.
    """
    gone = {a.number for a in acts if a.what == WITHDRAWN}
    said = [a for a in acts if a.what != WITHDRAWN]
    crew, others = [a for a in said if a.what in CREW], [a for a in said if a.what not in CREW]
    standing = [a for a in said if a.number not in gone]
    last = [_last(of, what) for of in (said, standing) for what in {a.what for a in said}]
    stay = {a.number for a in (*crew[-most:], *others[-most:], *last) if a is not None}
    return tuple(a for a in acts if a.number in stay)


def _later(one_s: float | None, other_s: float | None, same: bool = False) -> bool:
    if one_s is None or other_s is None:
        return False
    return one_s >= other_s if same else one_s > other_s


def _last(acts: Sequence[Act], what: int, after_s: float | None = None) -> Act | None:
    found = [a for a in acts if a.what == what and (after_s is None or a.at_s > after_s)]
    return max(found, key=lambda a: (a.at_s, a.number), default=None)


def _visits(times: Sequence[float], apart_s: float) -> int:
    """Return of how many visits these times are."""
    n, begin_s = 0, float("-inf")
    for t in sorted(times):
        if t - begin_s > apart_s:
            n, begin_s = n + 1, t
    return n
