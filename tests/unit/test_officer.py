"""The simulated officer confirms what lies on the desk, and the simulated crews drive what was ordered."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from ops_api.crews import Crews
from ops_api.officer import READS_FOR_S, SimulatedOfficer
from rules.core.winter_orders.commands import OrderRefusedError
from rules.core.winter_orders.model import Cancel, Case, Command, Confirm
from rules.core.winter_orders.proposals import proposal_of
from rules.core.winter_orders.words import answer_words
from rules.winter.orders.memory import MemoryOrders
from tests.fakes.rules_town import START, context
from tests.fakes.winter_orders import LEAVE_S, R1, R2, decision, row


async def test_the_officer_confirms_what_nobody_else_has_answered() -> None:
    desk = MemoryOrders((R1, R2), [decision(1), decision(2, 0.0, "refer", "r2")])
    now = [START + 30.0]
    officer = SimulatedOfficer(desk, lambda: now[0])
    assert await officer.step() == 0
    now[0] = START + READS_FOR_S
    assert await officer.step() == 1
    assert await officer.step() == 0
    assert [(c.ref, c.state) for c in await desk.cases(START - 1, START + 1)] == [
        ("P1", "confirmed"),
        ("P2", "open"),
    ]
    desk.decisions.append(decision(3, 600.0))
    await desk.act(Cancel(ref="P3", by="Ada", role="duty officer", reason="rain"), START + 700.0)
    now[0] = START + 2000.0
    assert await officer.step() == 0


class Counted(MemoryOrders):
    """A desk that counts how often it is read through and written at."""

    read = written = 0
    refuses = False

    async def cases(self, *span: Any) -> tuple[Case, ...]:
        self.read += 1
        return await super().cases(*span)

    async def act(self, command: Command, now_s: float) -> Case:
        self.written += 1
        if self.refuses:
            raise OrderRefusedError("not now")
        return await super().act(command, now_s)


async def test_the_desk_is_read_once_for_each_thing_that_is_new() -> None:
    """It is looked at four times a second of life, at a thousand times its speed: a town's whole night each time."""
    desk, now = Counted((R1, R2), [decision(1)]), [START + 30.0]
    officer = SimulatedOfficer(desk, lambda: now[0])
    for _ in range(10):
        assert await officer.step() == 0
    assert (desk.read, desk.written) == (1, 0)
    now[0] = START + READS_FOR_S  # nothing is new, and yet it is time
    assert [await officer.step() for _ in range(10)] == [1] + [0] * 9
    assert (desk.read, desk.written) == (2, 1)


async def test_what_is_refused_is_not_asked_again_while_nothing_is_new() -> None:
    desk = Counted((R1, R2), [decision(1)])
    desk.refuses = True
    officer = SimulatedOfficer(desk, lambda: START + READS_FOR_S)
    for _ in range(10):
        assert await officer.step() == 0
    assert desk.written == 1
    desk.refuses = False
    desk.decisions.append(decision(2, 10.0, "monitor", "r2"))
    assert await officer.step() == 1


class Rows:
    """A connection that answers two queries after another."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self._answers = deque(answers)

    def cursor(self, **_: object) -> Rows:
        return self

    async def __aenter__(self) -> Rows:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def execute(self, query: str, values: object) -> Rows:
        return self

    async def fetchall(self) -> list[dict[str, Any]]:
        return self._answers.popleft() if self._answers else []


class Town:
    """A simulated town with one lorry, which remembers what it was sent for."""

    def __init__(self) -> None:
        self.now = datetime.fromtimestamp(START + 9000.0, UTC)
        self.sent: list[tuple[str, ...]] = []

    def gritter_free(self, *_: object) -> bool:
        return True

    def treat(self, name: str, segments: tuple[str, ...], rate: float, spread: tuple[bool, ...]) -> None:
        self.sent.append(tuple(s for s, on in zip(segments, spread, strict=True) if on))


def proposal(number: int = 1, segments: tuple[str, ...] = ("s0", "s2")) -> dict[str, Any]:
    found = row(number, segments=segments)
    legs = [{**leg, "from_node": 0, "to_node": 1} for leg in found["result"]["drive"]["legs"]]
    return {
        "decision_id": number,
        "subject": "r1",
        "outcome": "treat",
        "result": {**found["result"], "drive": {"legs": legs}},
    }


def said(what: str, ref: str, treatment: dict[str, Any] | None) -> dict[str, Any]:
    return {"act_id": 1, "ref": ref, "route_id": "r1", "what": what, "treatment": treatment}


ONE = {"g_m2": 12.0, "passes": 1, "segments": ["s1"], "start_s": None, "by_s": None}


@pytest.mark.parametrize(
    ("acts", "driven"),
    [
        ([], [("s0", "s2")]),
        ([said("confirmed", "P1", ONE)], [("s0", "s2")]),
        ([said("cancelled", "P1", None)], []),
        ([said("unanswered", "P1", None)], []),
        ([said("changed", "P1", ONE)], [("s1",)]),
        ([said("ordered", "O5", ONE)], [("s0", "s2"), ("s1",)]),
        ([said("ordered", "O5", ONE), said("cancelled", "O5", None)], [("s0", "s2")]),
    ],
)
async def test_crews_drive_what_was_ordered(
    acts: list[dict[str, Any]], driven: list[tuple[str, ...]]
) -> None:
    town, ctx = Town(), context()

    crews = Crews(
        cast("Any", Rows([proposal()], acts)), cast("Any", None), ["g1", "g2"],
        ZoneInfo("Europe/London"), ctx.drive,
    )  # fmt: skip
    crews._act = lambda action: _run(action, town)  # type: ignore[method-assign]
    await crews.step()
    assert town.sent == driven


ORDER = said("ordered", "O5", ONE)


@pytest.mark.parametrize(
    ("acts", "driven"),
    [
        ([], [("s0",)]),
        ([said("confirmed", "P1", ONE)], [("s0", "s2"), ("s0",)]),
        ([said("changed", "P1", ONE)], [("s0",), ("s1",)]),
        ([ORDER], [("s0",), ("s1",)]),
        ([said("cancelled", "P1", None)], [("s0",)]),
        ([said("unanswered", "P1", ONE)], [("s0",)]),
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["read at once", "read one after another"])
async def test_a_newer_decision_takes_the_place_of_nothing_that_was_answered(
    acts: list[dict[str, Any]], driven: list[tuple[str, ...]], at_once: bool
) -> None:
    town, ctx, newer = Town(), context(), proposal(2, ("s0",))
    rows = Rows([proposal(), newer], acts) if at_once else Rows([proposal()], acts, [newer], [])
    crews = Crews(cast("Any", rows), cast("Any", None), ["g1", "g2"], ZoneInfo("Europe/London"), ctx.drive)
    crews._act = lambda action: _run(action, town)  # type: ignore[method-assign]
    leave, town.now = town.now, datetime.fromtimestamp(START - 1e9, UTC)
    crews.gritters = []
    await crews.step()
    crews.gritters, town.now = ["g1", "g2"], leave
    await crews.step()
    assert sorted(town.sent) == sorted(driven)


async def test_the_lorry_goes_when_it_must_leave_and_not_when_the_crew_is_called() -> None:
    town, ctx = Town(), context()
    crews = Crews(cast("Any", Rows([proposal()], [])), cast("Any", None), ["g1"], ZoneInfo("Europe/London"), ctx.drive)  # fmt: skip
    crews._act = lambda action: _run(action, town)  # type: ignore[method-assign]
    town.now = datetime.fromtimestamp(START + LEAVE_S - 1.0, UTC)
    await crews.step()
    assert town.sent == []
    town.now = datetime.fromtimestamp(START + LEAVE_S, UTC)
    await crews.step()
    assert town.sent == [("s0", "s2")]


async def _run(action: Any, town: Town) -> None:
    action(town)


@pytest.mark.parametrize(
    ("after_s", "then", "states"),
    [
        (LEAVE_S - 600.0, "monitor", ["cancelled"]),
        (LEAVE_S + 600.0, "monitor", ["confirmed"]),
        (LEAVE_S - 600.0, "treat", ["confirmed", "confirmed"]),
    ],
)
async def test_the_officer_takes_back_what_is_no_longer_asked_for_before_the_lorry_leaves(
    after_s: float, then: str, states: list[str]
) -> None:
    desk, now = MemoryOrders((R1, R2), [decision(1)]), [START + 90.0]
    officer = SimulatedOfficer(desk, lambda: now[0])
    assert await officer.step() == 1
    desk.decisions.append(decision(2, after_s, then))
    now[0] = START + after_s + READS_FOR_S
    await officer.step()
    assert [c.state for c in await desk.cases(START - 1, START + 9e4)] == states


async def test_what_is_done_early_is_not_called_no_longer_asked_for() -> None:
    desk = MemoryOrders((R1, R2), [decision(1)])
    await desk.act(Confirm(ref="P1", by="Ada", role="duty officer"), START + 60.0)
    found = row(2, 600.0, "monitor")
    desk.decisions.append(proposal_of(**{**found, "result": {**found["result"], "treated_segments": 2}}))
    [case] = await desk.cases(START - 1, START + 9e4)
    assert (case.state, case.not_needed_s) == ("confirmed", None)


async def test_what_another_officer_confirmed_stands_and_says_that_nobody_asks_for_it() -> None:
    desk = MemoryOrders((R1, R2), [decision(1)])
    await desk.act(Confirm(ref="P1", by="Ada", role="duty officer"), START + 60.0)
    desk.decisions.append(decision(2, 600.0, "monitor"))
    officer = SimulatedOfficer(desk, lambda: START + 900.0)
    assert await officer.step() == 0
    [case] = await desk.cases(START - 1, START + 9e4)
    assert (case.state, case.not_needed_s) == ("confirmed", START + 600.0)
    assert answer_words(case, UTC).endswith(
        "The rules have not asked for it since 9 January, 15:10: it stands until it is cancelled."
    )
