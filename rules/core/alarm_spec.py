"""How an alarm behaves: condition, severities, dwell, grouping, flapping, who is told.

The part of a rule that all alarms share (``[alarm]`` in the catalogue's files).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.core.figures import Dwell, Positive, Severity

SEVERITIES = ("info", "warning", "major", "critical")
"""From the least to the most severe."""


def rank(severity: str) -> int:
    """Return a severity's place; ValueError for another word."""
    return SEVERITIES.index(severity)


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A severity, and where it begins and ends in the rule's own quantity.

    Without thresholds it is the rule's own condition; with them it begins when that holds
    and the quantity passes ``raise_at``. A ``raise_at`` below ``clear_at`` is passed downwards.
    """

    severity: Severity
    raise_at: float | None = None
    clear_at: float | None = None

    def __post_init__(self) -> None:
        if (self.raise_at is None) != (self.clear_at is None):
            raise ValueError("raise_at and clear_at belong together: both or neither")
        if self.raise_at is not None and self.raise_at == self.clear_at:
            raise ValueError(f"clear_at must differ from raise_at {self.raise_at:g}, else the alarm flaps")


class Flap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An alarm raised ``changes`` times in ``within_s`` flaps: it stays up until calm for ``calm_s``."""

    changes: Annotated[int, Meta(ge=2, le=8)]
    within_s: Positive
    calm_s: Positive


class Repeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A repeating condition: it must begin ``times`` in ``within_s``."""

    times: Annotated[int, Meta(ge=2, le=8)]
    within_s: Positive


class AlarmSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an alarm of a rule behaves.

    Attributes:
        condition: simple = at once; lasting = after a dwell; repeating = after several beginnings.
        levels: from the least severe to the most; the alarm steps up and down between them.
        dwell: how long each level must hold or be gone.
        group: what alarms of one rule are put together by.
        flap, repeat: see there.
    """

    condition: Literal["simple", "lasting", "repeating"]
    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=4)]
    dwell: Dwell
    group: Literal["none", "route", "home", "kind", "town"] = "none"
    flap: Flap | None = None
    repeat: Repeat | None = None

    def __post_init__(self) -> None:
        ranks = [rank(level.severity) for level in self.levels]
        if ranks != sorted(set(ranks)):
            raise ValueError(f"levels must rise in severity, not {[v.severity for v in self.levels]}")
        if (self.repeat is not None) != (self.condition == "repeating"):
            raise ValueError(f"repeat belongs to condition 'repeating', not to {self.condition!r}")
        if self.condition == "simple" and self.dwell.raise_after_s > 0:
            raise ValueError(f"a simple condition has raise_after_s 0, not {self.dwell.raise_after_s:g}")


class EscalationStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is told ``after_s``, unless somebody has acknowledged. ``to``: kind and name.

    ``on_call:<role>``, ``role:<role>``, ``person:<name>`` or ``team:<channel>``.
    """

    after_s: Annotated[float, Meta(ge=0)]
    to: Annotated[str, Meta(pattern=r"^(on_call|role|person|team):[a-z0-9][a-z0-9_.-]*$")]


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chain of people for alarms that nobody acknowledges.

    Attributes:
        id: what rules name.
        steps: in order of ``after_s``, the first at once.
        renotify_s, renotify_most: the last step is repeated so often, at most so many times.
        least_severity: alarms below it are shown but nobody is told.
        quiet_hours: whether critical alarms break them.
        auto_close_s: a cleared alarm is closed after this long.
        shelve_most_s: nobody shelves for longer.
        digest_s: below critical, several within this time are one message.
    """

    id: Annotated[str, Meta(pattern=r"^[a-z_]+$")]
    version: Annotated[int, Meta(ge=1)]
    owner: Annotated[str, Meta(min_length=1)]
    reason: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    steps: Annotated[tuple[EscalationStep, ...], Meta(min_length=1, max_length=10)]
    renotify_s: Positive
    renotify_most: Annotated[int, Meta(ge=0, le=50)]
    least_severity: Severity = "warning"
    quiet_hours: Literal["respect", "break_for_critical"] = "break_for_critical"
    auto_close_s: Positive
    shelve_most_s: Positive
    digest_s: Annotated[float, Meta(ge=0)] = 0.0

    def __post_init__(self) -> None:
        after = [step.after_s for step in self.steps]
        if after != sorted(after) or after[0] != 0:
            raise ValueError(f"steps must begin at after_s 0 and rise, not {after}")
