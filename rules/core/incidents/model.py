"""What an incident is made of: signals of services, and acts. Times in s since 1970, of the town."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

State = Literal["proposed", "open", "contained", "closed", "merged"]
LIVE: tuple[State, ...] = ("proposed", "open", "contained")
IN_HAND: tuple[State, ...] = ("open", "contained")
"""A person has said that it is an incident: the engine neither closes it nor puts it into another."""

What = Literal[
    "proposed", "changed", "over", "absorbed", "merged", "lapsed", "touches",
    "opened", "claimed", "handed_over", "task", "task_done", "note", "linked", "contained", "closed", "split_off",
    "placed",
]  # fmt: skip
ENGINE = "cityops"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that says that something is wrong at a place: an alarm, of a group alarm one member, a report, an event.

    Attributes:
        key: what it is called for ever: ``alarm:12``, ``alarm:12:segment:seg-1``, ``report:7``, ``event:9``.
        service: ``roads``, ``bins``, ``devices``, ``platform`` or ``reports``.
        rule_id: of an alarm; of a report or event ``report.full``, ``event.bin_overflow_began``.
        at_s: when it began; ``ended_s``: when it was over, None: it is up.
        latitude_deg, longitude_deg: where [°]; None: nowhere, or nobody is to know.
        street: words for the place.
        binds: whether two that are far from each other are one incident because this is near both.
    """

    key: str
    service: str
    rule_id: str
    kind: str
    subject: str
    severity: str
    at_s: float
    title: str
    ended_s: float | None = None
    alarm_id: int | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    street: str = ""
    binds: bool = True


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody is to do; numbered within its incident."""

    number: int
    text: str
    who: str = ""
    due_s: float | None = None
    by: str = ""
    at_s: float = 0.0
    done_by: str = ""
    done_at_s: float | None = None
    done_note: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Something that belongs to it: an order, a round, a document, a what-if.

    Attributes:
        kind: ``order``, ``route``, ``round``, ``document``, ``what_if``, ``alarm`` or a word of one's own.
        ref: what it is called where it comes from.
        href: where it is looked at; empty: nowhere here.
    """

    kind: str
    ref: str
    title: str
    href: str = ""
    by: str = ""
    at_s: float = 0.0


class NewAct(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written into an incident's log; its number comes when it is.

    Attributes:
        by, role, via: who, as what, and by ``page``, ``api``, ``cli`` or ``engine``.
        text: in words of whoever says it.
        detail: what the incident becomes by it; see :mod:`rules.core.incidents.fold`.
    """

    incident_id: int
    what: What
    at_s: float
    by: str = ENGINE
    role: str = ""
    via: str = "engine"
    text: str = ""
    detail: Mapping[str, Any] = {}
    request_id: str | None = None


class Act(NewAct, frozen=True, kw_only=True):
    """One that is written down; never changed, never taken away."""

    act_id: int


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it stands after all of its acts.

    Attributes:
        severity: worst of what is up, else of all that ever was.
        services: of all its signals, by name; ``signals``, ``up``: how many there are, and how many are not over.
        latitude_deg, longitude_deg: middle of its signals [°]; ``reach_m``: the farthest of them from there [m].
        owner, owner_role: who has it; empty: nobody.
        named: a person has given the title; ``pin``: where a person says that it is, (latitude, longitude) [°].
        reason: why it is in this state; ``reason_private``: a person's words, for officers alone.
        merged_into: number of the incident that it has become a part of.
        touches: numbers of incidents in hand that its signals reach.
        joined_at_s: when a signal came to it last.
        last_act_id: version of it: the newest act.
    """

    incident_id: int
    state: State
    title: str
    made_at_s: float
    place: str = ""
    severity: str = "info"
    services: tuple[str, ...] = ()
    signals: int = 0
    up: int = 0
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    reach_m: float = 0.0
    owner: str = ""
    owner_role: str = ""
    named: bool = False
    opened_at_s: float | None = None
    contained_at_s: float | None = None
    closed_at_s: float | None = None
    reason: str = ""
    reason_private: bool = True
    pin: tuple[float, float] | None = None
    merged_into: int | None = None
    tasks: tuple[Task, ...] = ()
    links: tuple[Link, ...] = ()
    touches: tuple[int, ...] = ()
    changed_at_s: float = 0.0
    joined_at_s: float | None = None
    over_at_s: float | None = None
    last_act_id: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it is not over."""
        return self.state in LIVE

    @property
    def in_hand(self) -> bool:
        """Whether a person has said that it is one."""
        return self.state in IN_HAND

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """What is still to be done, the most urgent first."""
        todo = (t for t in self.tasks if t.done_at_s is None)
        return tuple(sorted(todo, key=lambda t: (t.due_s is None, t.due_s or 0.0, t.number)))

    @property
    def since_contained(self) -> bool:
        """Whether something new came after it was contained, however long ago that began."""
        at_s, joined_s = self.contained_at_s, self.joined_at_s
        return self.state == "contained" and at_s is not None and joined_s is not None and joined_s > at_s

    @property
    def given(self) -> tuple[str, ...]:
        """Return the fields that a person has given, which signals do not change."""
        return ("title", "place") if self.named else ("place",) if self.pin is not None else ()

    def shown_reason(self, *, names: bool) -> str:
        """Return why it is in this state; of a person's words nothing where the reader may not know them."""
        return self.reason if names or not self.reason_private else ""
