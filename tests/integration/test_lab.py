"""Faults switched on the page reach a simulated town that plays, and its devices."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from firmware_sim.fleet import FleetStatistics
from firmware_sim.world.fault_book import FaultBook
from ops_api.lab_desk import end_all
from ops_api.lab_link import LabLink
from ops_api.queries import Db, OneConnection
from tests.fakes.website import Site


class Town:
    """A town that plays, as the link knows it: faults and a clock."""

    running = True

    def __init__(self, site: Site) -> None:
        self.now_s = site.now.timestamp()
        self.faults = FaultBook((), site.town.devices, 1, self.now_s)

    def statistics(self) -> FleetStatistics:
        return FleetStatistics(
            devices=770, connected=769, created=12, messages=9, sent=12, resent=0, pubacked=9, refused={151: 1},
            receipted=10, outbox=2, given_up=0, unstored=0, skipped=1, simulated_s=self.now_s, live=True, pace=1.0,
        )  # fmt: skip

    def call(self, action: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(action(self))
        except Exception as e:
            future.set_exception(e)
        return future


@pytest.fixture
async def linked(site: Site) -> Any:
    async with await psycopg.AsyncConnection.connect(site.dsn) as connection:
        town = Town(site)
        yield town, LabLink(town, "frost_night"), Db(OneConnection(connection))  # type: ignore[arg-type]


async def test_a_fault_is_switched_on_seen_and_switched_off(site: Site, linked: Any) -> None:
    town, link, db = linked
    http = site.as_("devices")
    asked = {"fault": "clock", "devices": ["frog-0001"], "value": -7200, "hours": 2}
    made = await http.post("/api/v1/lab/faults", json=asked)
    assert made.status_code == 201, made.text
    assert town.faults.clock_offset_s("frog-0001", town.now_s) == 0.0
    await link.look(db)
    await link.say(db)
    assert town.faults.clock_offset_s("frog-0001", town.now_s) == -7200.0
    state = await site.get("/api/v1/lab", http)
    assert (state["playing"], state["scenario"], state["statistics"]["connected"]) == (
        True,
        "frost_night",
        769,
    )
    assert (state["faults"][0]["devices"], state["faults"][0]["made_by"]) == (["frog-0001"], "Ada of devices")
    page = (await http.get("/lab")).text
    assert "1 fault on" in page
    assert "Clock wrong by so many seconds: -7200" in page
    assert (await http.delete(f"/api/v1/lab/faults/{made.json()['fault_id']}")).status_code == 204
    await link.look(db)
    assert town.faults.clock_offset_s("frog-0001", town.now_s) == 0.0
    assert (await http.delete(f"/api/v1/lab/faults/{made.json()['fault_id']}")).status_code == 404


async def test_what_the_town_cannot_do_is_said_and_not_tried_again(site: Site, linked: Any) -> None:
    town, link, db = linked
    http = site.as_("devices")
    await http.post("/api/v1/lab/faults", json={"fault": "drift", "devices": ["frog-9999"]})
    await http.post("/api/v1/lab/faults", json={"fault": "card_full", "kind": "bin", "count": 2})
    await link.look(db)
    full, drift = (await site.get("/api/v1/lab", http))["faults"]
    assert "frog-9999" in drift["problem"]
    assert drift["devices"] is None
    assert len(full["devices"]) == 2
    assert not town.faults.card_takes(full["devices"][0], town.now_s)
    # A town that starts anew takes over what is on, and tries no refused one again.
    again = Town(site)
    await LabLink(again, "frost_night").look(db)  # type: ignore[arg-type]
    assert list(again.faults.standing(again.now_s)) == [full["fault_id"]]
    assert await end_all(db, "Gus") == 1, "one never began"
    assert await end_all(db, "Gus") == 0


async def test_by_the_form_as_by_rest(site: Site, linked: Any) -> None:
    town, link, db = linked
    http = site.as_("devices")
    sent = {"fault": "brown_out", "devices": "", "kind": "frog", "count": "2", "field": "", "value": "",
            "share_pct": "100", "hours": "1"}  # fmt: skip
    assert (await http.post("/lab/faults", data=sent)).status_code == 303
    await link.look(db)
    ((number, names),) = town.faults.standing(town.now_s).items()
    assert len(names) == 2
    assert not town.faults.has_power(names[0], town.now_s)
    wrong = await http.post("/lab/faults", data={**sent, "hours": "never"})
    assert wrong.status_code == 422
    assert "Hours: &#39;never&#39;" in wrong.text
    assert 'value="never"' in wrong.text, "what was typed is still there"
    assert (await http.post(f"/lab/faults/{number}/end")).status_code == 303
    assert (await http.post(f"/lab/faults/{number}/end")).status_code == 404
    await http.post("/lab/faults", data=sent)
    assert (await http.post("/lab/end-all")).status_code == 303
    await link.look(db)
    assert town.faults.standing(town.now_s) == {}


async def test_who_may_look_and_who_may_switch(site: Site) -> None:
    asked = {"fault": "uplink", "devices": ["frog-0001"]}
    looks = await site.as_("operations").get("/lab")
    assert looks.status_code == 200
    assert 'method="post"' not in looks.text  # no switch that would answer 403
    assert "Device managers switch faults on" in looks.text
    for role in ("devices", "admin"):
        assert 'action="/lab/faults"' in (await site.as_(role).get("/lab")).text
    assert (await site.as_("operations").post("/api/v1/lab/faults", json=asked)).status_code == 403
    assert (await site.as_("waste").get("/api/v1/lab")).status_code == 403
    assert (await site.http.get("/api/v1/lab")).status_code == 401


async def test_without_a_town_the_page_says_how_to_start_one(site: Site, linked: Any) -> None:
    _, link, db = linked
    assert "make demo" in (await site.as_("devices").get("/lab")).text
    await link.say(db)
    assert "make demo" not in (await site.as_("devices").get("/lab")).text
    await site.sql("update lab_town set seen_at = seen_at - %s", timedelta(minutes=1))
    assert "make demo" in (await site.as_("devices").get("/lab")).text


async def test_the_link_looks_until_it_is_stopped(site: Site, linked: Any) -> None:
    _, link, db = linked
    stop = asyncio.Event()
    task = asyncio.create_task(link.run(db, stop))
    while not (await site.get("/api/v1/lab", site.as_("devices")))["playing"]:
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(task, 5)
