"""Incidents' words, commands and pictures, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from firmware_sim.scenario import load_scenario
from firmware_sim.world.faults import together
from ops_api.demo.residents import Residents
from ops_api.handover_text import handover_pdf
from ops_api.web import incident_map, incident_view
from rules.catalogue.incidents import FILE, examine_grouping, load_grouping
from rules.catalogue.loader import read_files
from rules.core.collection_acts.record import Act, NewAct
from rules.core.incidents import commands as c
from rules.core.incidents.handover import RoundsNow, RouteNow, Shift, handover, text_lines
from rules.core.incidents.model import Incident
from rules.core.incidents.obey import Case, obey
from rules.core.incidents.settle import settle, why
from rules.core.incidents.summary import summary
from rules.core.incidents.wards import ward_at
from rules.core.incidents.words import headline, parse_ref, to_do
from rules.incidents.memory import MemoryIncidents
from tests.fakes.incidents import AT_S, LAT, LON, burst_main, signal
from tests.fakes.pdf_text import pdf_text
from tests.fakes.rules_town import hamlet

P = load_grouping().parameters
ADA: dict[str, Any] = {"by": "Ada", "role": "manager"}
LONDON = ZoneInfo("Europe/London")


def incident(**more: Any) -> Incident:
    fields: dict[str, Any] = {"incident_id": 3, "state": "open", "title": "Mill Lane: ice", "made_at_s": AT_S}
    return Incident(**(fields | more))


@pytest.mark.parametrize(
    ("signals", "says"),
    [
        ([signal(1), signal(2)], ""),
        ([signal(1), signal(2, "devices")], ""),
        ([signal(1), signal(2, "devices"), signal(3, "devices")], "2 services at one place within hours: bins and devices."),
        ([signal(1), signal(2, "reports"), signal(3, "roads", severity="info")], ""),
        ([signal(1), signal(2, "roads")], "2 services at one place within hours: bins and roads."),
        ([signal(1, severity="major"), signal(2, severity="major"), signal(3, "bins", severity="major")], "3 major alarms fall together: 3 blocked bins."),
        ([signal(1, "roads"), signal(2, "roads"), signal(3, "roads")], ""),
        ([signal(1, rule_id="bins.fire", severity="critical")], "Critical by itself: a bin on fire."),
    ],
)  # fmt: skip
def test_what_is_an_incident(signals: list[Any], says: str) -> None:
    assert why(signals, P) == says


def test_a_frosty_town_is_no_incident() -> None:
    road = [signal(i, "roads", east_m=60.0 * i) for i in range(40)]
    assert settle([], {}, road, P, AT_S, 1).acts == ()
    ends = [
        signal(100, rule_id="bins.fire", severity="critical"),
        signal(101, rule_id="bins.fire", severity="critical", east_m=2340.0),
    ]
    found = settle([], {}, [*road, *ends], P, AT_S, 1)
    assert [a.what for a in found.acts] == ["proposed", "proposed"], "the ice between them makes them not one"


def test_a_platform_alarm_stands_by_itself() -> None:
    nowhere = signal(1, severity="critical", rule_id="platform.no_readings", service="platform", kind="town",
                     latitude_deg=None, longitude_deg=None, street="", title="No readings come in")  # fmt: skip
    found = settle([], {}, [nowhere, signal(2, rule_id="bins.fire", severity="critical")], P, AT_S, 7)
    assert sorted(a.detail["summary"]["title"] for a in found.acts) == [
        "Mill Lane: a bin on fire", "The whole town: No readings come in"
    ]  # fmt: skip
    assert found.members == {"alarm:1": 7, "alarm:2": 8}


def test_the_summary_names_streets_and_the_worst_first() -> None:
    told = summary([*burst_main(), signal(9, rule_id="bins.fire", severity="critical", street="Quay")])
    assert told["title"] == ("Quay and Mill Lane: a bin on fire, ice on the road, 2 blocked bins and more")
    assert (told["severity"], told["up"], told["signals"]) == ("critical", 7, 7)
    over = summary([msgspec.structs.replace(s, ended_s=AT_S + 9.0) for s in burst_main()])
    assert (over["up"], over["over_at_s"]) == (0, AT_S + 9.0)
    assert 20.0 < over["reach_m"] < 60.0


@pytest.mark.parametrize(
    ("command", "now", "says"),
    [
        (c.Open(title=" ", **ADA), None, "a title in a few words"),
        (c.Open(title="x", latitude_deg=1.0, **ADA), None, "a latitude and a longitude"),
        (c.Open(incident_id=3, **ADA), incident(), "I3 is open already"),
        (c.Claim(incident_id=3, **ADA), incident(owner="Ada"), "You have I3 already"),
        (c.Claim(incident_id=3, by=" "), incident(), "Say who you are"),
        (c.Note(incident_id=3, text="x\0", **ADA), incident(), "no zero character"),
        (c.Note(incident_id=3, text="x" * 1001, **ADA), incident(), "at most 1000"),
        (c.Contain(incident_id=3, reason="x", **ADA), incident(state="closed", reason="mended"), "I3 is closed: mended"),
        (c.Contain(incident_id=3, reason="x", **ADA), incident(state="contained", contained_at_s=AT_S), "contained already"),
        (c.Close(incident_id=3, reason=" ", **ADA), incident(), "Say why it is over"),
        (c.Close(incident_id=3, reason="x", **ADA), incident(state="closed"), "closed already"),
        (c.Reopen(incident_id=3, reason="x", **ADA), incident(), "nothing to reopen"),
        (c.HandOver(incident_id=3, to="x" * 150, **ADA), incident(), "at most 100"),
        (c.AddTask(incident_id=3, text="x", due_s=AT_S - 999.0, **ADA), incident(), "from now on"),
        (c.AddLink(incident_id=3, kind="joke", ref="r", title="t", **ADA), incident(), "kind 'joke'"),
        (c.AddLink(incident_id=3, kind="order", ref="r", title="t", href="javascript:x", **ADA), incident(), "an address here"),
        (c.SplitOff(incident_id=3, keys=("alarm:9",), reason="x", **ADA), incident(), "alarm:9 is not in I3"),
        (c.SplitOff(incident_id=3, keys=("alarm:1", "alarm:2"), reason="x", **ADA), incident(), "not nothing and not all"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_in_words(command: c.Command, now: Incident | None, says: str) -> None:
    case = Case(now, 4, [signal(1), signal(2)])
    with pytest.raises(c.IncidentRefusedError, match=says):
        obey(command, case, AT_S)


def test_the_first_line_says_what_goes_on_and_who_has_it() -> None:
    assert headline([], names=True) == "Nothing is going on: no incident is open or proposed."
    mine = incident(owner="Ada", owner_role="manager")
    assert headline([mine], names=True) == "1 incident is going on. It is I3, Mill Lane: ice: Ada has it."
    assert (
        headline([mine], names=False) == "1 incident is going on. It is I3, Mill Lane: ice: manager has it."
    )
    new = incident(incident_id=4, state="proposed", severity="critical", title="A fire")
    assert headline([mine, new], names=True) == (
        "2 incidents are going on, 1 of them with nobody. First is I4, A fire: nobody has looked yet."
    )
    assert to_do(incident())[0] == "Nobody has I3: claim it, or hand it to who shall have it."
    assert to_do(incident(owner="Ada", signals=2, up=0))[-1].startswith("All its alarms are over")
    assert to_do(incident(state="closed")) == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [("I3", 3), (" i17 ", 17), ("4", 4), ("I0", None), ("P3", None), ("I" + "9" * 30, None)],
)
def test_refs(text: str, number: int | None) -> None:
    assert parse_ref(text) == number


async def test_a_handover_tells_what_the_next_shift_needs() -> None:
    book = MemoryIncidents()
    await book.act(c.Open(title="Flood", place="Ford", **ADA), AT_S)
    await book.act(c.AddTask(incident_id=1, text="Sandbags", who="Highways", due_s=AT_S + 600.0, **ADA), AT_S)
    await book.act(c.Note(incident_id=1, text="Police are there", **ADA), AT_S + 60.0)
    shift = Shift(
        routes=(RouteNow(route_id="r1", label="Route 1", outcome="treat", at_s=AT_S),),
        rounds=RoundsNow(day="2026-01-09", version=2, lorries=3, bins=40, done=10, left=1, out=("lorry-2",)),
    )
    now_s = AT_S + 3600.0
    args = (await book.incidents(since_s=AT_S), await book.acts(since_s=AT_S), shift)
    found = handover(*args, since_s=AT_S, now_s=now_s, names=True)
    text = "\n".join(text_lines(found, LONDON))
    for said in (
        "Ada\n  I1 info, open: Flood (no alarm in it)", "overdue: Highways: Sandbags", "note by Ada: Police are there",
        "Route 1: treat (Fri 9 Jan 23:06), nobody has answered yet", "out of service: lorry-2",
    ):  # fmt: skip
        assert said in text, (said, text)
    bare = "\n".join(text_lines(handover(*args, since_s=AT_S, now_s=now_s, names=False), LONDON))
    assert not any(secret in bare for secret in ("Ada", "Sandbags", "Police", "Highways"))
    assert handover_pdf(found, LONDON).startswith(b"%PDF")
    view = incident_view.handover_view(found, LONDON)
    assert view.due == ["I1 task 1, by Fri 9 Jan 23:16, overdue: Highways: Sandbags"]


async def test_a_handover_is_set_whatever_people_wrote() -> None:
    book = MemoryIncidents()
    await book.act(c.Open(title="Flood 🌊", place="Ford", **ADA), AT_S)
    await book.act(c.AddTask(incident_id=1, text="Sandbags أكياس", who="日本", due_s=AT_S, **ADA), AT_S)
    await book.act(c.Note(incident_id=1, text="Thanks 👏", **ADA), AT_S + 60.0)
    told = (await book.incidents(since_s=AT_S), await book.acts(since_s=AT_S), Shift())
    text = pdf_text(handover_pdf(handover(*told, since_s=AT_S, now_s=AT_S + 60.0, names=True), LONDON))
    for said in ("Flood ?", "??: Sandbags ?????", "Thanks ?"):
        assert said in text, (said, text)


def test_the_map_is_drawn_around_it() -> None:
    signals = burst_main()
    told = summary(signals)
    box = incident_map.box_of(incident(**{k: told[k] for k in ("latitude_deg", "longitude_deg", "reach_m")}))
    assert box is not None
    road = {
        "street": "Mill Lane",
        "road_class": "A",
        "line": [[LON - 0.001, LAT], [LON, LAT], [LON + 0.002, LAT]],
    }
    drawn = incident_map.picture(box, [road], signals)
    assert len(drawn.marks) == 6
    assert all(0 < m.x < drawn.width and 0 < m.y < drawn.height for m in drawn.marks)
    assert [n.text for n in drawn.names] == ["Mill Lane"]
    assert drawn.marks[-1].severity == "major", "the worst is drawn last, over the others"
    assert incident_map.box_of(incident()) is None


def test_a_place_is_in_the_ward_around_it() -> None:
    square = [[-2.6, 51.4], [-2.5, 51.4], [-2.5, 51.5], [-2.6, 51.5]]
    assert ward_at(LAT, LON, {"north": square, "unknown": []}) == "north"
    assert ward_at(LAT + 1.0, LON, {"north": square}) is None


def test_cards_say_what_can_be_said_to_everybody() -> None:
    i = incident(owner="Ada", services=("bins", "roads"), signals=3, up=2)
    now = datetime.fromtimestamp(AT_S + 600.0, UTC)
    card = incident_view.card(i, now, LONDON, names=False)
    assert (card.who, card.says, card.age) == (
        "Somebody has it",
        "Bins and winter roads: 2 of 3 still up.",
        "10 minutes ago",
    )


def test_the_catalogue_is_checked() -> None:
    files = read_files()
    assert examine_grouping({})[1][0].file == FILE
    wrong = (
        files[FILE]
        .replace("majors = 3", "majors = 0")
        .replace('id = "incidents.grouping"', 'id = "incidents.other"')
    )
    found, faults = examine_grouping({**files, FILE: wrong})
    assert found is None
    assert any("majors" in str(f) for f in faults)


class Book:
    """Takes what residents say."""

    def __init__(self) -> None:
        self.said: list[NewAct] = []

    async def append(self, new: NewAct) -> Act:
        self.said.append(new)
        return Act(act_id=len(self.said), **{f: getattr(new, f) for f in NewAct.__struct_fields__})


async def test_residents_report_when_the_scenario_says_so() -> None:
    scenario, town, book = load_scenario("burst_main"), hamlet(), Book()
    now = [AT_S]
    people = Residents(book, town, scenario.reports, AT_S, lambda: now[0])  # type: ignore[arg-type]
    assert await people.step() == 0
    now[0] = AT_S + 3600.0 * 3.6
    said = await people.step()
    assert said == len(book.said) == min(2, len(town.bins))
    assert await people.step() == 0
    assert together(town.devices, "bin")[:1] == [
        next(b.device for b in town.bins if f"bin:{b.bin_id}" == book.said[0].ref)
    ]
