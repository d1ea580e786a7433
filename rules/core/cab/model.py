"""A night's plan as it is kept: what was asked, with which lorries, and what each is to drive. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Kind = Literal["tonight", "breakdown", "returned"]
KIND_WORDS: Mapping[str, str] = {
    "tonight": "planned from the orders that stand",
    "breakdown": "a lorry has broken down",
    "returned": "a lorry is back in service",
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is to be treated.

    Attributes:
        ref: of the order that asks for it.
        g_m2: salt of all runs together [g/m²]; ``runs``: over the whole width of it.
        priority: of its route.
        due_s: end of its treatment [s after the start of the plan]; None: the priority's limit alone.
        plough: whether snow is cleared in the same pass.
        from_s: its treatment begins no earlier [s after the start of the plan].
    """

    segment_id: str
    ref: str
    g_m2: float
    priority: int
    due_s: float | None = None
    runs: int = 1
    plough: bool = False
    from_s: float = 0.0


class OrderSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stood when the plan was made.

    Attributes:
        acts: how many there were about it.
        over: its stretches that were treated when a later order asked for them: that one's treatment counts there.
    """

    ref: str
    route_id: str
    label: str
    state: str
    acts: int
    g_m2: float
    passes: int
    stretches: int
    start_s: float | None
    by_s: float | None
    plough: bool = False
    over: tuple[str, ...] = ()


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry where the plan takes it up.

    Attributes:
        depot: number of the node where it ends.
        from_s, until_s: when it can start, and when its crew must be back [s after the start of the plan].
        on_board_kg: salt.
        after: stretch, and node from which that is driven, at whose end it stands.
        stands: number of the node of another yard than the depot's where it stands.
        device: that reports from it.
    """

    lorry: str
    device: str
    depot: int
    capacity_kg: float
    on_board_kg: float
    from_s: float = 0.0
    until_s: float | None = None
    after: tuple[str, int] | None = None
    stands: int | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that was done under an earlier plan of the night.

    Attributes:
        g_m2: rate of it [g/m²]; ``plough``: whether it cleared snow.
        until_s: of one that no report has shown yet: when the lorry will have done it [s after the start of the plan].
    """

    lorry: str
    job: str
    segment_id: str
    from_node: int
    ref: str
    plan: int
    g_m2: float
    plough: bool = False
    until_s: float | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch driven, treated where it has a job; or a load. Times in s after the start of the plan."""

    begins_s: float
    ends_s: float
    segment_id: str | None = None
    from_node: int | None = None
    job: str | None = None
    load_at: int | None = None


class TripDoc(msgspec.Struct, frozen=True, kw_only=True):
    """One lorry's way."""

    lorry: str
    steps: tuple[Step, ...]


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry's passes in the order from which the search began: by routes, or as the plan before had them."""

    lorry: str
    jobs: tuple[str, ...]


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry's last report that a plan was made from.

    Attributes:
        at_s: when [s after the start of the plan].
        salt_kg: left; ``weighed``: as it reported, else as planned.
    """

    lorry: str
    at_s: float
    longitude_deg: float
    latitude_deg: float
    salt_kg: float
    weighed: bool


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan was made from, and what it says.

    Attributes:
        start_s: the time 0 of all its times [s since 1970].
        orders: that it carries out; ``waiting`` are those that nobody has answered, ``later`` those for later.
        later_acts: how many acts there were about each of these; none of a plan from before this was kept.
        asked: every stretch of the night, those that are done too.
        done: under earlier plans of the night.
        fleet, barns, settings: what it was planned for.
        out: lorries that are out of service, and why.
        standing: plan whose routes it begins with; None: the standing routes.
        changed: passes that another lorry does than the standing plan's.
        usual: where the search began; None: of a plan from before this was kept.
        fixed: what lorries drove while it was made.
        heard: lorries' last reports, which ``fleet`` and ``done`` are worked out from.
        roads: SHA-256 of the roads that it is for, with its version; ``stretches``: a short hash of each that it asks for or drives.
        notes: what the officer should know, in sentences.
        closed: stretches that nobody may drive while it counts, and why.
    """

    start_s: float
    orders: tuple[OrderSeen, ...]
    asked: tuple[Asked, ...]
    fleet: tuple[Start, ...]
    barns: tuple[int, ...]
    settings: dict[str, float]
    trips: tuple[TripDoc, ...]
    late: tuple[str, ...]
    over: tuple[str, ...]
    left_out: tuple[str, ...]
    missed: tuple[str, ...]
    cost_s: float
    begun_s: float
    seed: int
    iterations: int
    roads: str
    waiting: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    later_acts: dict[str, int] = {}
    done: tuple[Done, ...] = ()
    out: dict[str, str] = {}
    standing: int | None = None
    usual: tuple[Usual, ...] | None = None
    fixed: tuple[TripDoc, ...] = ()
    heard: tuple[Heard, ...] = ()
    changed: int = 0
    notes: tuple[str, ...] = ()
    stretches: dict[str, str] = {}
    closed: dict[str, str] = {}


class NewPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan before it has a number.

    Attributes:
        night: the day on which it began, ISO 8601.
        at_s: the town's time.
        after: number of the night's plan that it takes the place of; None: the night's first.
        lorry: that it is about (a breakdown, a return).
        reason: why it was made.
    """

    night: str
    kind: Kind
    at_s: float
    by: str
    role: str
    via: str
    reason: str
    contents: Contents
    after: int | None = None
    lorry: str | None = None
    request_id: str | None = None


class Plan(NewPlan, frozen=True, kw_only=True):
    """A plan that is kept; nothing changes it."""

    version: int

    @property
    def trips(self) -> Mapping[str, TripDoc]:
        """Ways by lorry."""
        return {t.lorry: t for t in self.contents.trips}


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry breaks down, or is back."""

    lorry: str
    what: Literal["broken", "returned"]
    at_s: float
    by: str
    role: str
    via: str
    reason: str
    request_id: str | None = None
