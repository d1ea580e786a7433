"""What goes wrong with incidents: chains, storms, alarms that come back or get worse, two operators at once, hostile text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules.catalogue.incidents import load_grouping
from rules.core.incidents import commands as c
from rules.core.incidents.handover import Shift, clock, handover
from rules.core.incidents.model import Act, Incident, Signal
from rules.core.incidents.obey import Case, obey
from rules.core.incidents.part import seen
from rules.core.incidents.settle import groups, settle
from rules.core.incidents.words import to_do
from rules.incidents.memory import MemoryIncidents
from rules.incidents.ports import Looked
from tests.fakes.incidents import AT_S, LAT, LON, signal

P = load_grouping().parameters
ADA: dict[str, Any] = {"by": "Ada", "role": "manager", "via": "page"}
BOB: dict[str, Any] = {"by": "Bob", "role": "manager", "via": "page"}


class Town:
    """A book in memory, and looks at it."""

    def __init__(self, *signals: Signal) -> None:
        self.book, self.now_s = MemoryIncidents(), AT_S + 3600.0
        self.up(*signals)

    def up(self, *signals: Signal) -> None:
        self.book.now |= {s.key: s for s in signals}

    async def look(self) -> list[tuple[int, str, int]]:
        def judge(x: Looked) -> Any:
            return settle(x.incidents, x.belongs, x.signals, P, self.now_s, x.next_id)

        await self.book.look(P, self.now_s, judge, anyhow=True)
        return [(i.incident_id, i.state, i.signals) for i in await self.book.incidents()]

    async def do(self, command: c.Command) -> Incident:
        return await self.book.act(command, self.now_s)


def width_m(group: list[Signal]) -> float:
    """Return the diagonal of the box around signals of a street that runs to the east [m]."""
    lons = [s.longitude_deg for s in group if s.longitude_deg is not None]
    return (max(lons) - min(lons)) * 111_195.0 * 0.6232


async def test_two_bursts_two_kilometres_apart_stay_two_whatever_lies_between() -> None:
    chain = [signal(i, severity="major", rule_id="bins.full", east_m=150.0 * i) for i in range(1, 14)]
    ends = [signal(100, rule_id="bins.fire", severity="critical"),
            signal(101, rule_id="bins.fire", severity="critical", east_m=2050.0)]  # fmt: skip
    town = Town(*chain, *ends)
    found = await town.look()
    assert len(found) >= 2
    assert town.book.belongs["alarm:100"] != town.book.belongs["alarm:101"]
    assert sum(n for _, _, n in found) <= 15
    for group in groups(sorted([*chain, *ends], key=lambda s: s.key), {}, {}, P):
        assert width_m(group) <= P.widest_m
    assert await town.look() == found, "a look at the same again changes nothing"


async def test_an_incident_that_is_wide_already_takes_what_lies_in_it_and_grows_no_further() -> None:
    home = {"alarm:1": 1, "alarm:2": 1}
    wide = [signal(1, severity="major"), signal(2, severity="major", east_m=1500.0)]
    inside, outside = signal(3, east_m=100.0), signal(4, east_m=1650.0)
    found = [sorted(s.key for s in g) for g in groups([*wide, inside, outside], home, {}, P)]
    assert sorted(found) == [["alarm:1", "alarm:2", "alarm:3"], ["alarm:4"]]


def test_a_gateway_that_fails_is_no_incident_at_every_blocked_bin() -> None:
    silent = {
        s.key: s
        for s in (signal(i, "devices", key=f"alarm:5:device:d{i}", alarm_id=5, east_m=20.0 * i) for i in range(40))
    }  # fmt: skip
    bin_ = signal(99)
    found = seen({**silent, bin_.key: bin_}, {}, {}, P, AT_S)
    assert sorted(found) == ["alarm:99"], "forty at once are the gateway's"
    few = dict(list(silent.items())[:3])
    assert len(seen(few, {}, {}, P, AT_S)) == 3
    held = seen(silent, few, {}, P, AT_S)
    assert sorted(held) == sorted(few), "what an incident has it keeps"
    apart = {k: replace(s, at_s=AT_S + 86_400.0 * n) for n, (k, s) in enumerate(silent.items())}
    assert len(seen(apart, {}, {}, P, AT_S)) == 40, "one a day is no storm"


async def test_what_gets_worse_after_it_was_closed_is_looked_at_again() -> None:
    town = Town(signal(1), signal(2, "roads"))
    assert await town.look() == [(1, "proposed", 2)]
    await town.do(c.Close(incident_id=1, reason="Only a bag in it", **ADA))
    assert await town.look() == []
    town.now_s += 600.0
    town.up(signal(1, severity="critical"))
    assert await town.look() == [(2, "proposed", 1)]
    [again] = await town.book.signals(2)
    assert (again.key, again.at_s, again.severity) == ("alarm:1^critical", town.now_s, "critical")
    assert [s.key for s in await town.book.signals(1)] == ["alarm:1", "alarm:2"], (
        "the record of the first one stays"
    )
    town.now_s += 600.0
    assert await town.look() == [(2, "proposed", 1)]
    assert (await town.book.signals(2))[0].at_s == again.at_s
    await town.do(c.Close(incident_id=2, reason="A barbecue", **ADA))
    assert await town.look() == [], "who closed it as bad as it is has said so"
    town.up(replace(town.book.now["alarm:1"], ended_s=town.now_s))
    assert await town.look() == []


async def test_what_is_opened_by_hand_takes_what_goes_wrong_there() -> None:
    town = Town()
    own = await town.do(c.Open(title="Burst main", latitude_deg=LAT, longitude_deg=LON, **ADA))
    bare = await town.do(c.Open(title="A rumour", **ADA))
    assert (own.pin, bare.pin, bare.latitude_deg) == ((LAT, LON), None, None)
    assert to_do(bare)[0] == "Say where it is: what goes wrong near there belongs to it then."
    town.up(signal(1, east_m=120.0), signal(2, "roads", east_m=100.0), signal(3, "roads", east_m=900.0))
    town.now_s += 5 * 3600.0
    found = await town.look()
    assert found == [(1, "open", 2), (2, "open", 0)], "not a second incident at one place"
    now = await town.book.incident(1)
    assert (now.title, now.latitude_deg, now.longitude_deg) == ("Burst main", LAT, LON)
    assert 100.0 < now.reach_m < 130.0, "of what lies farthest from where it is"
    placed = await town.do(
        c.Place(incident_id=2, latitude_deg=LAT, longitude_deg=LON + 0.012, place="Quay", **ADA)
    )
    assert (placed.place, placed.pin, placed.title) == ("Quay", (LAT, LON + 0.012), "A rumour")
    assert await town.look() == [(1, "open", 2), (2, "open", 1)]
    assert (await town.book.incident(2)).place == "Quay"
    await town.do(c.Close(incident_id=2, reason="x", **ADA))
    town.up(signal(4, "roads", east_m=850.0))
    assert await town.look() == [(1, "open", 2)], "what is closed takes nothing"


async def test_a_place_that_was_given_goes_into_what_it_becomes_a_part_of() -> None:
    town = Town()
    await town.do(c.Open(title="A rumour", **ADA))
    await town.do(c.Open(title="Flood", latitude_deg=0.0, longitude_deg=0.0, **ADA))
    one = await town.do(c.Merge(incident_id=2, into=1, reason="The same", **ADA))
    assert (one.latitude_deg, one.longitude_deg, one.pin) == (0.0, 0.0, (0.0, 0.0)), (
        "zero degrees are a place"
    )


async def test_late_signals_are_new_though_they_began_before_it_was_contained() -> None:
    town = Town(signal(1, rule_id="bins.fire", severity="critical"))
    await town.look()
    await town.do(c.Open(incident_id=1, **ADA))
    town.now_s += 3600.0
    await town.do(c.Contain(incident_id=1, reason="It burns down", **ADA))
    town.now_s += 60.0
    town.up(signal(2, min_=10.0))
    await town.look()
    assert (await town.book.incident(1)).since_contained


@pytest.mark.parametrize("command", [
    c.Claim(incident_id=1, **BOB), c.HandOver(incident_id=1, to="Cy", **BOB), c.Contain(incident_id=1, reason="x", **BOB),
    c.Close(incident_id=1, reason="x", **BOB), c.Place(incident_id=1, latitude_deg=0.0, longitude_deg=0.0, **BOB),
])  # fmt: skip
async def test_nobody_undoes_unseen_what_another_did(command: c.About) -> None:
    town = Town()
    before = await town.do(c.Open(title="Flood", **BOB))
    seen_ = before.last_act_id
    await town.do(c.HandOver(incident_id=1, to="Ada", **ADA))
    with pytest.raises(
        c.IncidentRefusedError, match=r"I1 is not as you saw it: handed over to Ada by Ada\. Look at it"
    ):
        await town.do(replace(command, seen=seen_))
    await town.do(replace(command, seen=(await town.book.incident(1)).last_act_id))


async def test_nobody_says_that_it_gets_no_worse_while_something_new_comes() -> None:
    town = Town(signal(1, rule_id="bins.fire", severity="critical"))
    await town.look()
    opened = await town.do(c.Open(incident_id=1, **ADA))
    town.up(signal(2, min_=1.0))
    await town.look()
    with pytest.raises(
        c.IncidentRefusedError, match="not as you saw it: more is known: One more: a blocked bin"
    ):
        await town.do(c.Contain(incident_id=1, reason="x", seen=opened.last_act_id, **ADA))
    seen_ = opened.last_act_id
    for harmless in (
        c.Claim(incident_id=1, seen=seen_, **BOB),
        c.Note(incident_id=1, text="x", seen=0, **BOB),
    ):
        await town.do(harmless)
    own = await town.do(c.Note(incident_id=1, text="y", **BOB))
    await town.do(c.Note(incident_id=1, text="z", **BOB))
    await town.do(c.Close(incident_id=1, reason="out", seen=own.last_act_id, **BOB))


async def test_a_request_s_name_counts_for_the_same_words_only() -> None:
    town = Town()
    await town.do(c.Open(title="Flood", **ADA))
    first = c.Note(incident_id=1, text="The  ford", request_id="k", **ADA)
    await town.do(first)
    await town.do(first)
    assert sum(a.what == "note" for a in await town.book.acts(1)) == 1
    with pytest.raises(c.IncidentRefusedError, match="used before for something else"):
        await town.do(replace(first, text="The mill"))


@pytest.mark.parametrize(("typed", "kept"), [
    ("Gas\x1b[2J leak", "Gas [2J leak"), ("a\nI9 critical: fake", "a I9 critical: fake"), ("abc\u202edef", "abc def"),
    ("  two  blanks ", "two blanks"), ("Zürich – 100 %", "Zürich – 100 %"),
])  # fmt: skip
def test_text_is_one_line_that_draws_and_rewrites_nothing(typed: str, kept: str) -> None:
    i = Incident(incident_id=1, state="open", title="t", made_at_s=AT_S)
    [act] = obey(c.Note(incident_id=1, text=typed, **ADA), Case(i, 2), AT_S).acts
    assert act.text == kept


@pytest.mark.parametrize("href", ["//evil.example/x", "/\\evil.example", "https:///x", "ftp://x", "http://"])
def test_links_lead_where_they_say(href: str) -> None:
    i = Incident(incident_id=1, state="open", title="t", made_at_s=AT_S)
    link = c.AddLink(incident_id=1, kind="other", ref="r", title="t", href=href, **ADA)
    with pytest.raises(c.IncidentRefusedError, match="an address here"):
        obey(link, Case(i, 2), AT_S)


@pytest.mark.parametrize(
    ("lat", "lon"), [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (0.0, float("inf"))]
)
def test_places_are_on_the_earth(lat: float, lon: float) -> None:
    i = Incident(incident_id=1, state="open", title="t", made_at_s=AT_S)
    for command in (c.Place(incident_id=1, latitude_deg=lat, longitude_deg=lon, **ADA),
                    c.Open(title="x", latitude_deg=lat, longitude_deg=lon, **ADA)):  # fmt: skip
        with pytest.raises(c.IncidentRefusedError, match="within 90"):
            obey(command, Case(i, 2), AT_S)


async def test_why_a_person_closed_or_merged_a_proposal_is_for_officers() -> None:
    town = Town(signal(1, rule_id="bins.fire", severity="critical"), signal(2, rule_id="bins.fire", severity="critical", east_m=2000.0))  # fmt: skip
    await town.look()
    proposed = await town.book.incident(1)
    assert proposed.shown_reason(names=False) == "Critical by itself: a bin on fire."
    opened = await town.do(c.Open(incident_id=2, reason="Mrs Smith of no 12 rang", **ADA))
    merged = await town.do(c.Merge(incident_id=1, into=2, reason="Mrs Smith says so", **ADA))
    gone = await town.book.incident(1)
    assert (opened.shown_reason(names=False), merged.shown_reason(names=False)) == ("", "")
    assert (gone.shown_reason(names=False), gone.shown_reason(names=True)) == ("", "Mrs Smith says so")
    later = Town(signal(1, rule_id="bins.fire", severity="critical"))
    await later.look()
    closed = await later.do(c.Close(incident_id=1, reason="Mr Smith grills", **ADA))
    assert (closed.shown_reason(names=False), closed.reason) == ("", "Mr Smith grills")


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    zone = ZoneInfo("Europe/London")
    bst = datetime(2026, 10, 25, 0, 40, tzinfo=UTC).timestamp()
    said = [clock(at_s, zone) for at_s in (bst, bst + 3600.0, bst + 7200.0)]
    assert said == ["Sun 25 Oct 01:40 BST", "Sun 25 Oct 01:40 GMT", "Sun 25 Oct 02:40"]


async def test_a_handover_of_a_long_night_stays_readable() -> None:
    town = Town()
    await town.do(c.Open(title="Flood", **ADA))
    for n in range(60):
        await town.do(c.Note(incident_id=1, text=f"n{n}", **ADA))
    found = handover(
        await town.book.incidents(),
        await town.book.acts(),
        Shift(),
        since_s=AT_S,
        now_s=town.now_s,
        names=True,
    )
    lines = [text for _, text in found.changed[0].lines]
    assert (len(lines), lines[0], lines[-1]) == (
        41,
        "21 more before this: its log has them",
        "note by Ada: n59",
    )


async def test_the_newest_of_a_long_log() -> None:
    town = Town()
    await town.do(c.Open(title="Flood", **ADA))
    for n in range(30):
        await town.do(c.Note(incident_id=1, text=f"n{n}", **ADA))
    acts: tuple[Act, ...] = await town.book.acts(1, most=3)
    assert [a.text for a in acts] == ["n27", "n28", "n29"]
    assert [a.text for a in await town.book.acts(1, after=acts[0].act_id)] == ["n28", "n29"]
