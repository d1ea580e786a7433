"""How it stands between what a device is told and what it says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

Drift = Literal[
    "refused",
    "rolled_back",
    "differs",
    "unanswered",
    "silent",
    "waiting",
    "settling",
    "in_step",
    "as_installed",
]
DRIFTS: tuple[Drift, ...] = get_args(Drift)
"""Those that need somebody first."""
NEEDS_SOMEBODY: frozenset[Drift] = frozenset({"refused", "rolled_back", "differs", "unanswered"})
OPEN: frozenset[Drift] = frozenset({"silent", "waiting", "settling"})
"""Those that come to an end by themselves."""
ANSWERS_WITHIN = timedelta(minutes=30)
"""A device that is connected says what it made of a version long before that."""

WORDS: Mapping[Drift, str] = {
    "refused": "refuses a version",
    "rolled_back": "took a version back",
    "differs": "is otherwise than it was told",
    "unanswered": "does not answer",
    "silent": "is not connected",
    "waiting": "is to hear of it",
    "settling": "tries it",
    "in_step": "in step",
    "as_installed": "as installed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a device's settings; versions are 0 before there is one.

    Attributes:
        desired: the newest version.
        published, published_at: the one that the broker holds, and since when.
        reported, reported_at: in force on the device, as it said then; None: it never said anything.
        about, state: which version it spoke of, and what became of it.
        differs: whether settings are otherwise than that version sets them.
        online, heard_at: whether it was connected when it was last heard; None: it never was.
        since: when version and state were first as they are.
        kept_out: why nothing of it is taken: ``quarantined``, or ``unclaimed`` where its credential was revoked or nobody has
            claimed it; empty: it is in service.
    """

    desired: int = 0
    published: int = 0
    published_at: datetime | None = None
    reported: int = 0
    reported_at: datetime | None = None
    about: int = 0
    state: str = ""
    differs: bool = False
    online: bool | None = None
    heard_at: datetime | None = None
    since: datetime | None = None
    kept_out: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How it stands, and since when as far as that is known."""

    drift: Drift
    since: datetime | None

    @property
    def needs_somebody(self) -> bool:
        """Whether it does not come right by itself."""
        return self.drift in NEEDS_SOMEBODY


def judge(f: Facts, now: datetime) -> Judgement:
    """Return how it stands with a device at ``now``."""
    if f.desired == 0 and f.reported == 0:
        return Judgement("as_installed", f.reported_at)
    if f.about == f.desired and f.state in ("refused", "rolled_back"):
        return Judgement("refused" if f.state == "refused" else "rolled_back", f.since)
    if f.reported == f.desired:
        return _of_the_right_version(f)
    if f.reported > f.desired:  # told by another server, or by this one before it was set back
        return Judgement("differs", f.since)
    return _yet_to_come(f, now)


def _of_the_right_version(f: Facts) -> Judgement:
    if f.state == "settling":
        return Judgement("settling", f.since)
    return Judgement("differs" if f.differs else "in_step", f.since)


def _yet_to_come(f: Facts, now: datetime) -> Judgement:
    if not f.online:
        return Judgement("silent", f.heard_at)
    if f.published < f.desired or f.published_at is None:
        return Judgement("waiting", None)
    told = max(f.published_at, f.heard_at or f.published_at)
    return Judgement("unanswered" if now - told > ANSWERS_WITHIN else "waiting", told)


def counted(judgements: Iterable[Judgement]) -> dict[Drift, int]:
    """Return how many there are of each, those that need somebody first; none of which there is none."""
    found = dict.fromkeys(DRIFTS, 0)
    for judgement in judgements:
        found[judgement.drift] += 1
    return {drift: n for drift, n in found.items() if n > 0}


def first_line(counts: Mapping[Drift, int]) -> str:
    """Return the answer to "which devices need somebody?"."""
    needy = {d: n for d, n in counts.items() if d in NEEDS_SOMEBODY}
    total = sum(needy.values())
    if total == 0:
        return "No device needs anybody because of its settings."
    said = ", ".join(f"{n} {_of_many(d, n)}" for d, n in needy.items())
    return f"{total} device{'s' if total != 1 else ''} need{'s' if total == 1 else ''} somebody: {said}."


_MANY: Mapping[Drift, tuple[str, str]] = {
    "refused": ("refuses a version", "refuse a version"),
    "rolled_back": ("took a version back", "took a version back"),
    "differs": ("is otherwise than it was told", "are otherwise than they were told"),
    "unanswered": ("does not answer", "do not answer"),
}


def _of_many(drift: Drift, n: int) -> str:
    one, many = _MANY[drift]
    return one if n == 1 else many
