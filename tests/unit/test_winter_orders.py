"""Proposals and what people make of them: states, refusals, deadlines, the chain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace

from rules.catalogue.orders import load_unanswered
from rules.core.alarm_book import OpenAlarm
from rules.core.effects import ChangeSeverity, ClearAlarm, RaiseAlarm, iso
from rules.core.winter_orders import model as m
from rules.core.winter_orders.again import check_same
from rules.core.winter_orders.chain import FIRST, broken, link_of
from rules.core.winter_orders.commands import OrderRefusedError, Terms, obey
from rules.core.winter_orders.in_time import in_time
from rules.core.winter_orders.proposals import proposal_of
from rules.core.winter_orders.standing import OLD_S, OVER_S, cases
from rules.core.winter_orders.unanswered import RULE, deadline_s, look
from rules.core.winter_orders.words import moment, treatment_words
from tests.fakes.rules_town import START
from tests.fakes.winter_orders import CALL_OUT_S, FORECAST, LEAVE_S, R1, SAID, decision, row

WHO = {"by": "Ada", "role": "duty officer"}
NOW = START + 600.0


def acted(new: m.NewAct, number: int) -> m.Act:
    fields = {f: getattr(new, f) for f in m.NewAct.__struct_fields__}
    return m.Act(act_id=number, seen={}, **{**fields, "ref": new.ref or f"O{number}"})


class Desk:
    """Decisions and acts, played."""

    def __init__(self, *decisions: m.Proposal) -> None:
        self.decisions, self.acts = list(decisions), list[m.Act]()

    def case(self, ref: str) -> m.Case:
        return next(c for c in cases(self.decisions, self.acts) if c.ref == ref)

    def do(self, command: m.Command, now_s: float = NOW) -> m.Case:
        case = None if isinstance(command, m.OrderOwn) else self.case(command.ref)
        act = acted(obey(case, command, now_s, R1), len(self.acts) + 1)
        self.acts.append(act)
        return self.case(act.ref)


def test_a_decision_that_asks_something_is_a_proposal_with_what_it_asks() -> None:
    desk = Desk(decision(1), decision(2, 60.0, "monitor", "r2"))
    (case,) = cases(desk.decisions, ())
    assert (case.ref, case.state, case.treatment) == ("P1", "open", None)
    assert case.proposal is not None
    assert case.proposal.treatment == m.Treatment(
        g_m2=10.0, passes=1, segments=("s0", "s2"), start_s=START + LEAVE_S, by_s=START + 2 * CALL_OUT_S,
        call_out_s=START + CALL_OUT_S,
    )  # fmt: skip
    old_result = {**row(1)["result"], "leave_by": None}
    before = proposal_of(**{**row(1), "result": old_result}).treatment
    assert before is not None
    assert before.start_s == START + CALL_OUT_S
    assert case.proposal.forecast == SAID
    old = {**row(1)["inputs"], "road_forecast": {**FORECAST, "used": False}}
    assert proposal_of(**{**row(1), "inputs": old}).forecast == f"{SAID}, too old to be used"
    assert proposal_of(**{**row(1), "inputs": {}}).forecast == ""
    ploughs = proposal_of(**{**row(1), "result": {**row(1)["result"], "action": "plough"}}).treatment
    assert ploughs is not None
    assert treatment_words(ploughs, UTC).startswith(
        "plough, then 10 g/m² on 2 stretches, crew called by 9 January, 16:00, lorry out by 9 January, 16:20"
    )


def test_confirmed_changed_cancelled_each_with_who_and_why() -> None:
    desk = Desk(decision(1))
    assert desk.do(m.Confirm(ref="P1", **WHO)).state == "confirmed"
    changed = desk.do(m.Change(ref="P1", **WHO, reason="Bridge is wet", g_m2=15.0, segments=("s2",)))
    assert changed.state == "changed"
    assert changed.treatment is not None
    assert (changed.treatment.g_m2, changed.treatment.segments) == (15.0, ("s2",))
    gone = desk.do(m.Cancel(ref="P1", **WHO, reason="Cloud has come in"))
    assert (gone.state, gone.treatment) == ("cancelled", None)
    assert [a.what for a in gone.acts] == ["confirmed", "changed", "cancelled"]
    assert {(a.by, a.role) for a in gone.acts} == {("Ada", "duty officer")}


def test_a_newer_decision_takes_the_place_of_what_nobody_answered_but_not_of_an_answer() -> None:
    desk = Desk(decision(1), decision(2, 300.0))
    assert desk.case("P1").state == "superseded"
    with pytest.raises(OrderRefusedError, match="no longer the newest"):
        desk.do(m.Confirm(ref="P1", **WHO))
    desk.do(m.Confirm(ref="P2", **WHO))
    desk.decisions.append(decision(3, 900.0, "monitor"))
    assert desk.case("P2").state == "confirmed"
    assert Desk(decision(1), decision(2, 300.0, "no_action")).case("P1").state == "withdrawn"


def test_a_referral_can_not_be_confirmed_but_answered_with_a_rate() -> None:
    desk = Desk(decision(1, outcome="refer"))
    with pytest.raises(OrderRefusedError, match="refer it to you"):
        desk.do(m.Confirm(ref="P1", **WHO))
    answered = desk.do(m.Change(ref="P1", **WHO, reason="Below the matrix", g_m2=20.0, passes=2))
    assert answered.treatment is not None
    assert answered.treatment.segments == R1.segments


REFUSED: list[tuple[m.Command, str]] = [
    (m.Confirm(ref="P1", by=" ", role="duty officer"), "who"),
    (m.Confirm(ref="P1", by="Ada", role=""), "role"),
    (m.Change(ref="P1", **WHO, reason=" ", g_m2=12.0), "reason"),
    (m.Change(ref="P1", **WHO, reason="x"), "changes nothing"),
    (m.Change(ref="P1", **WHO, reason="x", g_m2=41.0), "8 to 40"),
    (m.Change(ref="P1", **WHO, reason="x", g_m2=float("nan")), "nan"),
    (
        m.Change(ref="P1", **WHO, reason="x", g_m2=7.9),
        "less than spreaders spread evenly: allowed are 8 to 40",
    ),
    (m.OrderOwn(route_id="r1", **WHO, reason="x", g_m2=0.0001), r"rate 0\.0001 g/m² is less than spreaders"),
    (m.Change(ref="P1", **WHO, reason="x", passes=5), "1 to 4"),
    (m.Change(ref="P1", **WHO, reason="x", segments=("s9",)), "not on r1: s9"),
    (m.Change(ref="P1", **WHO, reason="x", segments=()), "no stretch"),
    (m.Change(ref="P1", **WHO, reason="x", start_s=START - 3600.0), "the start"),
    (m.Change(ref="P1", **WHO, reason="x", start_s=START + 3 * CALL_OUT_S), "is not after"),
    (m.Cancel(ref="P1", **WHO, reason=""), "reason"),
    (m.OrderOwn(route_id="r1", **WHO, reason="", g_m2=10.0), "reason"),
    (m.OrderOwn(route_id="r1", **WHO, reason="x", g_m2=0.0), "to treat nothing, cancel"),
]


def test_spreaders_of_another_town_may_spread_less() -> None:
    order = m.OrderOwn(route_id="r1", **WHO, reason="x", g_m2=5.0)
    assert obey(None, order, NOW, R1, Terms(least_g_m2=5.0)).treatment is not None
    theirs = Desk(decision(1, rate=7.0)).do(m.Change(ref="P1", **WHO, reason="x", passes=2)).treatment
    assert theirs is not None
    assert (theirs.g_m2, theirs.passes) == (7.0, 2)


@pytest.mark.parametrize(("command", "says"), REFUSED)
def test_what_the_record_could_not_stand_is_refused_in_words(command: m.Command, says: str) -> None:
    with pytest.raises(OrderRefusedError, match=says):
        Desk(decision(1)).do(command)


def test_an_order_of_ones_own_can_be_changed_and_cancelled() -> None:
    desk = Desk()
    own = desk.do(m.OrderOwn(route_id="r1", **WHO, reason="School run", g_m2=8.0))
    assert (own.ref, own.state) == ("O1", "ordered")
    assert desk.do(m.Change(ref="O1", **WHO, reason="Colder", g_m2=12.0)).state == "changed"
    assert desk.do(m.Cancel(ref="O1", **WHO, reason="Closed road")).state == "cancelled"
    with pytest.raises(OrderRefusedError, match="an order of your own"):
        desk.do(m.Change(ref="O1", **WHO, reason="x", g_m2=9.0))


def test_the_time_to_answer_ends_before_the_lorry_must_leave_but_nobody_is_rushed() -> None:
    p = load_unanswered().parameters
    assert deadline_s(decision(1), p) == START + p.answer_s
    late = replace(decision(1), treatment=m.Treatment(g_m2=9.0, passes=1, segments=("s0",), start_s=START))
    assert deadline_s(late, p) == START + p.least_s
    soon = replace(
        decision(1), treatment=m.Treatment(g_m2=9.0, passes=1, segments=("s0",), start_s=START + 1500.0)
    )
    assert deadline_s(soon, p) == START + 1500.0 - p.before_start_s


def up(severity: str) -> OpenAlarm:
    return OpenAlarm(1, RULE, "route", "r1", severity, START, False)


def test_what_is_over_can_not_be_answered_changed_or_cancelled_any_more() -> None:
    desk = Desk(decision(1), decision(2, 60.0, route_id="r2"))
    done_s = START + 2 * CALL_OUT_S  # by when P1 was to be on the road
    desk.do(m.Confirm(ref="P1", **WHO))
    desk.do(m.Change(ref="P1", **WHO, reason="Late lorry", g_m2=12.0), done_s + OVER_S - 1.0)
    last_s = done_s + 2 * OVER_S
    for command in (
        m.Change(ref="P1", **WHO, reason="x", g_m2=15.0),
        m.Cancel(ref="P1", **WHO, reason="x"),
        m.Confirm(ref="P1", **WHO),
    ):
        with pytest.raises(OrderRefusedError, match=r"P1 is over since 10 January, 04:59.*order of your own"):
            desk.do(command, last_s)
    # What nobody has answered can be answered late, but not the next night.
    assert desk.do(m.Confirm(ref="P2", **WHO), START + OLD_S).state == "confirmed"
    with pytest.raises(OrderRefusedError, match="is over"):
        Desk(decision(1)).do(m.Confirm(ref="P1", **WHO), START + OLD_S)
    own = Desk()
    own.do(m.OrderOwn(route_id="r1", **WHO, reason="School run", g_m2=8.0))
    with pytest.raises(OrderRefusedError, match="O1 is over"):
        own.do(m.Cancel(ref="O1", **WHO, reason="x"), NOW + OVER_S)


def test_a_change_to_the_same_says_what_there_is_to_do_only_where_there_is_something() -> None:
    desk = Desk(decision(1))
    with pytest.raises(
        OrderRefusedError, match=r"changes nothing of P1; to have it done as proposed, confirm"
    ):
        desk.do(m.Change(ref="P1", **WHO, reason="x", g_m2=10.0))
    desk.do(m.OrderOwn(route_id="r1", **WHO, reason="School run", g_m2=8.0))
    with pytest.raises(OrderRefusedError, match=r"changes nothing of O1: it stands so already$"):
        desk.do(m.Change(ref="O1", **WHO, reason="x", g_m2=8.0))
    desk.do(m.Confirm(ref="P1", **WHO))
    with pytest.raises(OrderRefusedError, match=r"changes nothing of P1: it stands so already$"):
        desk.do(m.Change(ref="P1", **WHO, reason="x", passes=1))


def test_a_referral_is_answered_with_a_rate_that_spreaders_spread() -> None:
    with pytest.raises(OrderRefusedError, match="less than spreaders spread evenly"):
        Desk(decision(1, outcome="refer")).do(m.Change(ref="P1", **WHO, reason="x", g_m2=0.5))


def test_times_in_refusals_are_of_the_towns_clock() -> None:
    summer = datetime(2026, 6, 9, 12, tzinfo=UTC).timestamp()
    order = m.OrderOwn(route_id="r1", **WHO, reason="x", g_m2=9.0, start_s=summer - 3600.0)
    with pytest.raises(
        OrderRefusedError, match=r"the start 9 June, 12:00 is not allowed.*now, 9 June, 13:00, and"
    ):
        obey(None, order, summer, R1, Terms(ZoneInfo("Europe/London")))


def test_an_alarm_that_a_newer_proposal_ends_does_not_say_that_somebody_answered() -> None:
    rule = load_unanswered()
    due = START + rule.parameters.answer_s
    desk = Desk(decision(1), decision(2, rule.parameters.answer_s))
    (cleared,) = look([desk.case("P2")], due + 1.0, rule, [up("warning")], {}).effects
    assert isinstance(cleared, ClearAlarm)
    assert (
        cleared.reason
        == "Nobody has answered. A newer proposal, P2, has taken its place and waits for an answer."
    )
    (over,) = look([], due + 1.0, rule, [up("warning")], {}).effects
    assert isinstance(over, ClearAlarm)
    assert over.reason.startswith("Somebody has answered")


def test_who_sets_when_the_lorry_leaves_calls_the_crew_himself() -> None:
    desk = Desk(decision(1))
    rate = desk.do(m.Change(ref="P1", **WHO, reason="Bridge is wet", g_m2=15.0)).treatment
    assert rate is not None
    assert rate.call_out_s == START + CALL_OUT_S
    later = desk.do(m.Change(ref="P1", **WHO, reason="Rain first", start_s=START + 5000.0)).treatment
    assert later is not None
    assert (later.start_s, later.call_out_s) == (START + 5000.0, msgspec.UNSET)


def test_an_officer_orders_a_plough_and_takes_it_away() -> None:
    desk = Desk(decision(1))
    ploughs = desk.do(m.Change(ref="P1", **WHO, reason="5 cm lying", plough=True))
    assert ploughs.treatment is not None
    assert ploughs.treatment.plough
    kept = desk.do(m.Change(ref="P1", **WHO, reason="Colder", g_m2=15.0)).treatment
    assert kept is not None
    assert kept.plough, "what is not named stays"
    without = desk.do(m.Change(ref="P1", **WHO, reason="Melted", plough=False)).treatment
    assert without is not None
    assert not without.plough
    own = desk.do(m.OrderOwn(route_id="r1", **WHO, reason="Drifts", g_m2=8.0, plough=True))
    assert own.treatment is not None
    assert own.treatment.plough


def test_hours_that_come_twice_say_by_which_clock() -> None:
    london, second = ZoneInfo("Europe/London"), datetime(2026, 10, 25, 1, 40, tzinfo=UTC).timestamp()
    assert moment(second - 3600.0, london) == "25 October, 01:40 BST"
    assert moment(second, london) == "25 October, 01:40 GMT"
    assert moment(second + 3 * 86_400.0, london) == "28 October, 01:40"
    assert [moment(second + h * 3600.0, london)[12:] for h in (-2, 1)] == ["00:40", "02:40"]
    twice = m.Treatment(g_m2=9.0, passes=1, segments=("s0",), start_s=second - 3600.0, by_s=second)
    assert "out by 25 October, 01:40 BST, done by 25 October, 01:40 GMT" in treatment_words(twice, london)


def test_what_is_ordered_has_times_that_can_be_kept() -> None:
    late = {"call_out_by": -5400.0, "leave_by": -1800.0, "treat_by": 0.0}
    stored = {**row(1)["result"], **{k: iso(START + s) for k, s in late.items()}}
    london = ZoneInfo("Europe/London")
    asked = proposal_of(**{**row(1), "result": stored})  # a decision from before: its times were over
    assert asked.treatment is not None
    assert treatment_words(asked.treatment, london) == (
        "10 g/m² on 2 stretches, crew called at once (9 January, 15:00), lorry out by 9 January, 16:00, "
        "done by 9 January, 16:30, 90 min later than wanted"
    )
    assert asked.treatment.wanted_s == START
    # Confirmed, changed, or left to the desk ten minutes later: then the crew is called then.
    rule = load_unanswered()
    (unanswered,) = look(cases([asked], ()), START + 600.0, rule, (), {}).acts
    given = [
        Desk(asked).do(m.Confirm(ref="P1", **WHO), START + 600.0).treatment,
        Desk(asked).do(m.Change(ref="P1", **WHO, reason="x", g_m2=10.0, passes=2), START + 600.0).treatment,
        unanswered.treatment,
    ]
    for t in given:
        assert t is not None
        assert (t.call_out_s, t.start_s, t.by_s) == (START + 600.0, START + 4200.0, START + 6000.0)
        assert (t.wanted_s, t.late_min) == (START, 100)
    # What has been ordered stands: a change of the rate calls nobody anew.
    desk = Desk(asked)
    desk.do(m.Confirm(ref="P1", **WHO), START + 600.0)
    stands = desk.do(m.Change(ref="P1", **WHO, reason="x", g_m2=12.0), START + 1200.0).treatment
    assert stands is not None
    assert stands.call_out_s == START + 600.0
    own = desk.do(m.Change(ref="P1", **WHO, reason="x", by_s=START + 7200.0), START + 1300.0).treatment
    assert own is not None
    assert (own.by_s, own.late_min) == (START + 7200.0, 0)


def test_a_proposal_that_can_be_kept_is_ordered_as_it_is() -> None:
    desk = Desk(decision(1))
    proposed = desk.decisions[0].treatment
    assert desk.do(m.Confirm(ref="P1", **WHO), START + CALL_OUT_S).treatment == proposed
    assert in_time(m.Treatment(g_m2=9.0, passes=1, segments=("s0",)), NOW).by_s is None


def test_links_of_acts_from_before_call_outs_were_said_still_follow() -> None:
    old = m.Treatment(g_m2=9.0, passes=1, segments=("s0",), start_s=START)
    assert not {"call_out_s", "wanted_s"} & set(msgspec.to_builtins(old))
    assert msgspec.convert(msgspec.to_builtins(old), type=m.Treatment) == old


def test_nobody_answers_the_desk_says_what_counts_then_and_gets_louder() -> None:
    rule = load_unanswered()
    desk = Desk(decision(1))
    due = START + rule.parameters.answer_s
    assert look(cases(desk.decisions, ()), due - 1.0, rule, (), {}) == look((), 0.0, rule, (), {})
    said = look(cases(desk.decisions, ()), due, rule, (), {"r1": "Route 1"})
    (raised,) = said.effects
    assert isinstance(raised, RaiseAlarm)
    assert (raised.severity, raised.subject) == ("warning", "r1")
    assert "proposal counts" in raised.reason
    (act,) = said.acts
    assert act.treatment == desk.decisions[0].treatment
    desk.acts.append(acted(act, 1))
    waiting = desk.case("P1")
    assert (waiting.state, waiting.is_waiting) == ("unanswered", True)
    again = look([waiting], due + 900.0, rule, [up("warning")], {})
    assert again.acts == ()
    assert [(type(e), getattr(e, "severity", "")) for e in again.effects] == [(ChangeSeverity, "major")]
    answered = desk.do(m.Confirm(ref="P1", **WHO), due + 1000.0)
    over = look([answered], due + 1001.0, rule, [up("major")], {})
    assert [type(e) for e in over.effects] == [ClearAlarm]


def test_a_setting_says_that_nothing_is_ordered_without_an_answer() -> None:
    rule = load_unanswered()
    strict = replace(rule, parameters=replace(rule.parameters, no_answer="nothing_is_ordered"))
    said = look(cases([decision(1)], ()), START + 7200.0, strict, (), {})
    assert said.acts[0].treatment is None
    assert "Nothing is ordered" in said.acts[0].reason


def test_acts_from_before_commands_were_kept_are_compared_by_what_they_say() -> None:
    desk = Desk(decision(1))
    desk.do(m.Change(ref="P1", **WHO, reason="Bridge is wet ", g_m2=15.0, request_id="k"))
    (act,) = desk.acts
    assert "asked" not in act.seen
    check_same(m.Change(ref="p1", **WHO, reason="Bridge is wet", g_m2=15.0), act, Terms())
    for other in (
        m.Change(ref="P1", **WHO, reason="Bridge is wet", g_m2=16.0),
        m.Change(ref="P1", **WHO, reason="Bridge", g_m2=15.0),
        m.Cancel(ref="P1", **WHO, reason="Bridge is wet"),
        m.OrderOwn(route_id="r1", **WHO, reason="Bridge is wet", g_m2=15.0),
        m.Change(ref="P2", **WHO, reason="Bridge is wet", g_m2=15.0),
    ):
        with pytest.raises(OrderRefusedError, match="was used for something else: P1 on r1"):
            check_same(other, act, Terms())


def test_the_chain_breaks_where_an_act_is_changed_or_left_out() -> None:
    desk, before = Desk(decision(1)), FIRST
    for command in (m.Confirm(ref="P1", **WHO), m.Cancel(ref="P1", **WHO, reason="Rain")):
        desk.do(command)
        desk.acts[-1] = replace(desk.acts[-1], link=link_of(before, desk.acts[-1]))
        before = desk.acts[-1].link
    assert broken(FIRST, desk.acts) == ()
    assert broken(FIRST, desk.acts[1:]) == (2,)
    for field, value in (("by", "Bob"), ("at_s", NOW + 1.0), ("reason", "Snow"), ("seen", {"a": 1})):
        changed: dict[str, Any] = {field: value}
        assert broken(FIRST, [replace(desk.acts[0], **changed), desk.acts[1]]) == (1,)
    read = msgspec.json.decode(msgspec.json.encode(desk.acts[1]), type=m.Act)
    assert broken(desk.acts[0].link, [read]) == ()
