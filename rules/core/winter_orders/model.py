"""Proposals, what people do with them, and what follows. Times in s since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

What = Literal["confirmed", "changed", "cancelled", "ordered", "unanswered"]
"""An officer's acts; ``unanswered`` is the desk's own: nobody did anything in time."""
State = Literal[
    "open", "unanswered", "confirmed", "changed", "cancelled", "ordered", "superseded", "withdrawn"
]
NO_TREATMENT = ("no_action", "monitor")
"""Outcomes of a decision that ask nothing of anybody; all others are proposals."""


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done on a route.

    Attributes:
        g_m2: rate of a pass [g/m²].
        passes: over each stretch.
        segments: ids of the stretches, sorted.
        start_s: when the lorry leaves; None: at once.
        by_s: when the salt is on the road; None: no time is set.
        plough: whether snow is cleared first.
        call_out_s: when the crew must be called, to leave then. Absent where nothing says it, so that the
            links of acts from before it was said still follow.
        not_before_s: when the rain is over that salt would else be washed off by. Absent where nothing says it.
        wanted_s: when the salt was wanted on the road, where ``by_s`` is later because the crew is called later than
            it should have been. Absent where it is in time.
    """

    g_m2: float
    passes: int
    segments: tuple[str, ...]
    start_s: float | None = None
    by_s: float | None = None
    plough: bool = False
    call_out_s: float | msgspec.UnsetType = msgspec.UNSET
    not_before_s: float | msgspec.UnsetType = msgspec.UNSET
    wanted_s: float | msgspec.UnsetType = msgspec.UNSET

    @property
    def late_min(self) -> int:
        """How much later than wanted it is done [min]; 0 where it is in time, or no time is set."""
        if self.wanted_s is msgspec.UNSET or self.by_s is None:
            return 0
        return round((self.by_s - self.wanted_s) / 60.0)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the engine, as an officer is asked about it.

    Attributes:
        decision_id: its number; inputs and result are frozen in its row.
        treatment: None where the engine refers to the duty officer.
        rule_version, catalogue_id: what decided.
        forecast: which road forecast the decision saw, in words; empty where it saw none.
        sha256: of its inputs and result, as they were stored.
        treated: whether the route had been treated, so that asking for nothing says that it is done.
    """

    decision_id: int
    route_id: str
    at_s: float
    outcome: str
    reason: str
    treatment: Treatment | None = None
    rule_version: int = 0
    catalogue_id: int | None = None
    forecast: str = ""
    sha256: str = ""
    treated: bool = False

    @property
    def ref(self) -> str:
        """What people call it."""
        return f"P{self.decision_id}"


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done; never changed, never taken away.

    Attributes:
        ref: of the proposal or the officer's own order that it is about.
        at_s: the town's time.
        by, role: who, and as what.
        via: page, api, cli or desk.
        treatment: what stands after it; None: nothing is to be driven.
        seen: what was on the desk then: the decision, observations, forecast, catalogue; and what was asked.
        link: hash over the act before it and this one: none can be changed or left out unnoticed.
        recorded_s: when it was written down, by the database's clock.
    """

    act_id: int
    ref: str
    route_id: str
    decision_id: int | None
    what: What
    at_s: float
    by: str
    role: str
    via: str
    reason: str
    treatment: Treatment | None
    seen: Mapping[str, Any]
    request_id: str | None = None
    link: str = ""
    recorded_s: float = 0.0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal or an officer's own order, with everything that was done about it.

    Attributes:
        treatment: what stands: None where nothing is to be driven, or where nobody has answered yet.
        until_s: when a newer decision took an unanswered proposal's place; None: it has not.
        not_needed_s: when the rules last said, before its lorry was to leave, that the route needs nothing. It stands
            all the same until an officer cancels it. None: they still ask for it, or the lorry had left.
    """

    ref: str
    route_id: str
    state: State
    proposal: Proposal | None
    acts: tuple[Act, ...]
    treatment: Treatment | None = None
    until_s: float | None = None
    not_needed_s: float | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody still has to say something."""
        return self.state in ("open", "unanswered")

    @property
    def at_s(self) -> float:
        """When it came up."""
        return self.acts[0].at_s if self.proposal is None else self.proposal.at_s


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A route as an order may be about it: its stretches, sorted."""

    route_id: str
    label: str
    segments: tuple[str, ...]


class Confirm(msgspec.Struct, frozen=True, kw_only=True, tag="confirm"):
    """It is to be done as proposed."""

    ref: str
    by: str
    role: str
    via: str = "api"
    note: str = ""
    request_id: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True, tag="change"):
    """It is to be done otherwise; None: as it stands. Times are the town's."""

    ref: str
    by: str
    role: str
    reason: str
    g_m2: float | None = None
    passes: int | None = None
    segments: tuple[str, ...] | None = None
    start_s: float | None = None
    by_s: float | None = None
    plough: bool | None = None
    via: str = "api"
    request_id: str | None = None


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """It is not to be done."""

    ref: str
    by: str
    role: str
    reason: str
    via: str = "api"
    request_id: str | None = None


class OrderOwn(msgspec.Struct, frozen=True, kw_only=True, tag="order"):
    """An order that nobody proposed. ``segments`` None: all of the route."""

    route_id: str
    by: str
    role: str
    reason: str
    g_m2: float
    passes: int = 1
    segments: tuple[str, ...] | None = None
    start_s: float | None = None
    by_s: float | None = None
    plough: bool = False
    via: str = "api"
    request_id: str | None = None


Command = Confirm | Change | Cancel | OrderOwn


class NewAct(msgspec.Struct, frozen=True, kw_only=True):
    """What a command makes; number, what was seen and the link come when it is written.

    ``ref`` is empty for an order of one's own: its own number makes it.
    """

    ref: str
    route_id: str
    decision_id: int | None
    what: What
    at_s: float
    by: str
    role: str
    via: str
    reason: str
    treatment: Treatment | None
    request_id: str | None = None
