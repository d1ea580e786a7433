"""The answer to "what if we close this road", as it is shown, sent and kept. Plain values; its JSON is msgspec's."""

from __future__ import annotations

import msgspec


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of road by id and street."""

    segment_id: str
    street: str


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What a service's plan comes to: its way [km], lorries' time [min], cost [£], and how much it does."""

    km: float
    minutes: float
    gbp: float
    done: int


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not done any more: a stretch not treated, or a bin not emptied, and why."""

    what: str
    street: str
    why: str
    must: bool = True


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """A promise of time that is not kept any more, in words: what, and by how much later [min]."""

    what: str
    late_min: float


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry whose way by the plan that counts now leads through what would be closed: where, and when first [s since 1970]."""

    lorry: str
    streets: tuple[str, ...]
    at_s: float | None = None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What it does to a service.

    Attributes:
        basis: what was planned, in words; ``plan``: number of the plan that counts now, None: there is none.
        why_not: why nothing could be compared; empty: it was.
        before, after: of the plans as they are and around the closure, both made now in the same way.
        lost, broken, affected: what is no longer done, kept, and driven as planned.
        again: what is done now that was not before: a search is no proof.
        notes: of the plan around the closure.
    """

    basis: str
    plan: int | None = None
    why_not: str = ""
    before: Sums | None = None
    after: Sums | None = None
    lost: tuple[Lost, ...] = ()
    broken: tuple[Broken, ...] = ()
    affected: tuple[Affected, ...] = ()
    again: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def more(self) -> Sums | None:
        """What the closure adds."""
        if self.before is None or self.after is None:
            return None
        a, b = self.before, self.after
        return Sums(
            km=round(b.km - a.km, 2), minutes=round(b.minutes - a.minutes, 1), gbp=round(b.gbp - a.gbp, 2), done=b.done - a.done
        )  # fmt: skip


class Later(msgspec.Struct, frozen=True, kw_only=True):
    """A street that is reached later from the nearest station [min]; ``after`` None: not at all any more."""

    street: str
    before: float
    after: float | None


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What it does to a kind of emergency vehicle.

    Attributes:
        stretches: beside what is closed that are reached more than ``than_min`` later, or not at all.
        streets: of these, the worst first; ``cut_off``: those that are not reached at all.
    """

    vehicle: str
    than_min: float
    stretches: int = 0
    streets: tuple[Later, ...] = ()
    cut_off: tuple[str, ...] = ()
    why_not: str = ""


class ClosingDocument(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    Attributes:
        stretches: that would be closed; ``from_s`` to ``until_s``: when [s since 1970], None: until opened.
        reason: as it would be said.
        at_s: the town's time of the question.
        standing: what is closed already, in sentences; ``already``: whether all of it is.
        iterations: of both searches; ``rules``: ids and versions of what it went by.
    """

    stretches: tuple[Stretch, ...]
    from_s: float
    until_s: float | None
    reason: str
    at_s: float
    standing: tuple[str, ...]
    gritting: Service
    rounds: Service
    reach: Reach
    iterations: int
    rules: tuple[str, ...]
    already: bool = False
