"""The duty officer's desk in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from rules.core.alarm_book import AlarmBook, OpenAlarm
from rules.core.readings import Readings
from rules.core.winter_orders import model as m
from rules.core.winter_orders.again import ASKED, asked_of, check_same
from rules.core.winter_orders.chain import FIRST, link_of
from rules.core.winter_orders.commands import USUAL, Terms, obey
from rules.core.winter_orders.rows import rows_of
from rules.core.winter_orders.standing import cases
from rules.core.winter_orders.unanswered import RULE
from rules.winter.orders.ports import Chain, Judge, NoSuchOrderError
from rules.winter.orders.rows import no_such, parse_ref


@dataclass
class MemoryOrders:
    """:class:`rules.winter.orders.ports.OrderDesk` and ``UnansweredStore`` in memory.

    Attributes:
        decisions: of the engine, those that ask nothing too, in the order of their numbers.
        event_s: where the engine stands [s since 1970]; None: it has never run.
        batches: what acts bring to the engine, in commit order.
        opened: this rule's alarms that are up; ``log``: what ever happened to alarms, in words.
        terms: what it goes by.
    """

    installed: tuple[m.Route, ...] = ()
    decisions: list[m.Proposal] = field(default_factory=list)
    acts: list[m.Act] = field(default_factory=list)
    event_s: float | None = None
    batches: list[Readings] = field(default_factory=list)
    opened: dict[str, OpenAlarm] = field(default_factory=dict)
    log: list[tuple[str, str, str]] = field(default_factory=list)
    terms: Terms = USUAL

    async def cases(self, from_s: float, to_s: float, route_id: str | None = None) -> tuple[m.Case, ...]:
        """Return the proposals and orders that came up in a time."""
        found = cases(self.decisions, self.acts)
        return tuple(
            c for c in found if from_s <= c.at_s < to_s and (route_id is None or c.route_id == route_id)
        )

    async def newest(self) -> tuple[int, int]:
        """Return the numbers of the newest decision and act."""
        return len(self.decisions), len(self.acts)

    async def case(self, ref: str) -> m.Case:
        """Return one proposal or order."""
        kind, number = parse_ref(ref)
        return self._case(f"{kind}{number}")

    async def routes(self) -> tuple[m.Route, ...]:
        """Return the routes that orders can be about."""
        return self.installed

    async def act(self, command: m.Command, now_s: float) -> m.Case:
        """Do what is asked; see :class:`rules.winter.orders.ports.OrderDesk`."""
        for known in self.acts:
            if command.request_id is not None and known.request_id == command.request_id:
                check_same(command, known, self.terms)
                return self._case(known.ref)
        if isinstance(command, m.OrderOwn):
            case, route_id = None, command.route_id
        else:
            case = await self.case(command.ref)
            route_id = case.route_id
        route = next((r for r in self.installed if r.route_id == route_id), None)
        if route is None:
            raise NoSuchOrderError(f"There is no gritting route {route_id!r}.")
        proposal = None if case is None else case.proposal
        act = self._write(obey(case, command, now_s, route, self.terms), proposal, asked_of(command))
        if self.event_s is not None:
            thread = min(a.act_id for a in self.acts if a.ref == act.ref)
            answers_s = None if proposal is None else proposal.at_s
            self.batches.append(rows_of([(act, self.event_s, thread, answers_s)]))
        return self._case(act.ref)

    async def chain(self) -> Chain:
        """Return every act there is."""
        return Chain(FIRST, tuple(self.acts))

    async def look(self, since_s: float, catalogue_id: int | None, judge: Judge) -> bool:
        """Look at what nobody answers; see :class:`rules.winter.orders.ports.UnansweredStore`."""
        found = await self.cases(since_s, since_s + 1e9)
        labels = {r.route_id: r.label for r in self.installed}
        said = judge(found, [self.opened[r] for r in sorted(self.opened)], labels)
        proposals = {c.ref: c.proposal for c in found}
        for new in said.acts:
            self._write(new, proposals[new.ref])
        book = AlarmBook(tuple(self.opened.values()), count(len(self.log) + 1))
        for effect in said.effects:
            book.play(effect)
        for row in book.alarms:
            self._put(row.alarm_id, row.raised.subject if row.raised else "", row.severity, row.cleared_at_s)
        return bool(said.acts or said.effects)

    async def town_now_s(self, wall_s: float) -> float:
        """Return the wall's time: nothing is simulated here."""
        return wall_s

    def _put(self, alarm_id: int, route: str, severity: str | None, cleared_s: float | None) -> None:
        known = next((a for a in self.opened.values() if a.alarm_id == alarm_id), None)
        route = route or (known.subject if known else "")
        if cleared_s is not None:
            self.opened.pop(route, None)
            self.log.append((route, "cleared", ""))
            return
        at_s = known.raised_at_s if known else 0.0
        self.opened[route] = OpenAlarm(alarm_id, RULE, "route", route, severity or "", at_s, False)
        self.log.append((route, "raised" if known is None else "severity", severity or ""))

    def _write(
        self, new: m.NewAct, proposal: m.Proposal | None, asked: Mapping[str, Any] | None = None
    ) -> m.Act:
        number = len(self.acts) + 1
        seen: dict[str, Any] = {} if proposal is None else {"decision": {"decision_id": proposal.decision_id}}
        seen |= {} if asked is None else {ASKED: asked}
        fields = {f: getattr(new, f) for f in m.NewAct.__struct_fields__}
        fields |= {"ref": new.ref or f"O{number}", "at_s": round(new.at_s, 3)}
        act = m.Act(act_id=number, seen=seen, recorded_s=new.at_s, **fields)
        before = self.acts[-1].link if self.acts else FIRST
        self.acts.append(msgspec.structs.replace(act, link=link_of(before, act)))
        return self.acts[-1]

    def _case(self, ref: str) -> m.Case:
        found: Iterable[m.Case] = cases(self.decisions, self.acts)
        case = next((c for c in found if c.ref == ref), None)
        if case is None:
            raise no_such(ref)
        return case
