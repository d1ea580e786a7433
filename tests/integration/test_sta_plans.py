"""However much there is, a page of observations reads no more than a page: on both servers, columnar chunks included."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from cityops.settings_sta import StaSettings
from ops_api.sensorthings import readings, service, store
from ops_api.sensorthings.core import options, rows, schema
from ops_api.sensorthings.core.cost import Budget
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.service import Sta
from ops_api.sensorthings.store import OPEN, BusyError, Reader
from tests.fakes.sta_plans import BATCH, explained, scanned
from tests.fakes.sta_rows import BASE, DEVICES, READINGS, ask, fill, serving

pytestmark = pytest.mark.storage
PAGE = 50
"""Entities of a page here."""


@pytest.fixture
async def sta(db_dsn: str) -> AsyncIterator[Sta]:
    await fill(db_dsn)
    async with serving(db_dsn) as made:
        await made.fresh()
        yield made


PAGES = {
    "in order of ids": "/Observations?$top=50",
    "from the middle": "/Observations?$top=50&$filter=phenomenonTime ge 2026-01-11T00:00:00Z",
    "of a datastream": "/Datastreams(1)/Observations?$top=50",
    "of a datastream, newest first": "/Datastreams(1)/Observations?$top=50&$orderby=phenomenonTime desc",
    "of all, oldest first": "/Observations?$top=50&$orderby=phenomenonTime",
    "of all, newest first": "/Observations?$top=50&$orderby=phenomenonTime desc&$filter=phenomenonTime lt 2026-01-21T12:00:00Z",
    "newest of each": "/Datastreams?$top=20&$select=name&$expand=Observations($top=1;$orderby=phenomenonTime desc)",
    "of a feature": "/FeaturesOfInterest(3)/Observations?$top=50",
    "one": "/Observations({one})",
    "the datastream of one": "/Observations({one})/Datastream?$select=name",
}


async def test_no_page_reads_further_than_it_must(sta: Sta, monkeypatch: pytest.MonkeyPatch) -> None:
    one = (await ask(sta, "/Datastreams(1)/Observations?$top=1&$skip=700"))["value"][0]["@iot.id"]
    for name, address in PAGES.items():
        with explained(monkeypatch) as plans:
            found = await ask(sta, address.format(one=one))
        rows = sum(scanned(plan) for plan in plans)
        assert len(found.get("value", [1])) > 0, name
        # A fifth of what one device has, and a sixtieth of one hundredth of all.
        # A page or a row of each device, and what columnar batches hold beside those that are looked for: of one, or of each device.
        most = BATCH if "one" in name else DEVICES * BATCH if "oldest" in name else 3 * PAGE
        assert rows <= most, (name, rows)


async def test_every_observation_is_found_once_whatever_the_plan(sta: Sta) -> None:
    streams = 3 * DEVICES + 1  # three fields that are always sent, and the wetness of one road
    assert await ask(sta, "/Observations/$count") == str(streams * READINGS)
    whole = await ask(
        sta, "/Observations?$top=10000&$select=id&$filter=phenomenonTime lt 2026-01-02T00:00:00Z"
    )
    ids = [o["@iot.id"] if "@iot.id" in o else o["id"] for o in whole["value"]]
    assert ids == sorted(set(ids))
    assert len(ids) == streams * 144
    by_time = await ask(
        sta,
        "/Observations?$top=10000&$select=id&$filter=phenomenonTime lt 2026-01-02T00:00:00Z&$orderby=phenomenonTime",
    )
    assert sorted(o["@iot.id"] for o in by_time["value"]) == ids
    by_result = await ask(
        sta,
        "/Observations?$top=10000&$select=id,result&$filter=phenomenonTime lt 2026-01-02T00:00:00Z&$orderby=result",
    )
    assert sorted(o["@iot.id"] for o in by_result["value"]) == ids
    results = [o["result"] for o in by_result["value"]]
    assert results == sorted(results)


async def test_what_would_read_too_much_is_refused_in_words(db_dsn: str) -> None:
    await fill(db_dsn, devices=4)
    async with serving(db_dsn, StaSettings(cost_most=20.0)) as sta:
        with pytest.raises(FilterError, match=r"too much.*name a datastream"):
            await ask(sta, "/Observations?$orderby=result")


async def test_so_many_that_they_are_not_counted_are_guessed_and_it_is_said(
    sta: Sta, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = await ask(sta, "/Observations?$count=true&$top=1")
    assert "@cityops.countEstimated" not in exact
    monkeypatch.setattr(readings, "EXACT_MOST", 1000)
    counted = await ask(sta, "/Observations?$count=true&$top=1")
    assert counted["@cityops.countEstimated"] is True
    assert counted["@iot.count"] == pytest.approx(exact["@iot.count"], rel=0.5)


async def test_no_more_rows_are_fetched_than_an_answer_may_have(
    sta: Sta, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, run = 100, Reader._run
    fetched: list[int] = []

    async def noting(self: Reader, text: str, params: Any) -> Any:
        found = await run(self, text, params)
        fetched.append(len(found))
        return found

    monkeypatch.setattr(Reader, "_run", noting)
    monkeypatch.setattr(service, "Budget", lambda: Budget(most))
    for inner in ("$top=50", "$top=10;$orderby=phenomenonTime desc"):
        with pytest.raises(FilterError, match="entities in one answer"):
            await ask(sta, f"/Datastreams?$top=20&$expand=Observations({inner})")
    with pytest.raises(FilterError, match="entities in one answer"):
        await ask(sta, "/Things?$top=20&$expand=Datastreams($expand=Thing($expand=Datastreams))")
    assert max(fetched) <= most


async def test_a_query_ends_at_its_limit_of_time(db_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(db_dsn, StaSettings(statement_s=0.05)) as sta:
        await sta.fresh()

        async def slowly(self: Reader, text: str, params: Any, **_: Any) -> Any:
            return await self._run("select pg_sleep(5)", {})

        monkeypatch.setattr(Reader, "rows", slowly)
        with pytest.raises(FilterError, match=r"longer than 0\.05 s"):
            await ask(sta, "/Things")


async def test_queries_of_one_request_end_together(db_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(db_dsn) as sta:
        await sta.fresh()
        seconds = itertools.count(step=4)  # for each query, of which none is too long by itself
        monkeypatch.setattr(store, "monotonic", lambda: next(seconds))
        with pytest.raises(FilterError, match="longer than 10 s"):
            await ask(sta, "/Sensors?$count=true&$expand=Datastreams($count=true)")
        assert (await ask(sta, "/Sensors?$top=1"))["value"]


async def test_a_fifth_large_question_at_once_is_told_to_come_again(sta: Sta) -> None:
    sta._store._costly = asyncio.Semaphore(0)
    with pytest.raises(BusyError, match="Try again"):
        await ask(sta, "/Observations?$orderby=result&$filter=phenomenonTime lt 2026-01-01T01:00:00Z")
    assert (await ask(sta, "/Observations?$top=1"))["value"]  # one that is sure to end is no such question


async def test_who_reads_can_neither_write_nor_see_tables(db_dsn: str) -> None:
    async with serving(db_dsn) as sta, sta._store.reading(OPEN) as reader:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await reader._run("select 1 from public.device", {})


async def test_what_is_searched_has_the_columns_that_the_core_asks_for(sta: Sta) -> None:
    kinds = [kind for kind in sta.kinds.values() if kind.name != "frog"]  # its readings are nobody's here
    async with sta._store.reading(OPEN) as reader:
        for relation, names in schema.columns().items():
            text = f"select {', '.join(sorted(names))} from {relation} limit 0"
            await reader._run(rows.relations(kinds, text) + text, {})


async def test_every_page_in_any_order_leads_to_the_next_until_all_were_there(
    sta: Sta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "SKIP_MOST", 20)  # past it nothing leads by counting
    within = "$filter=phenomenonTime lt 2026-01-01T03:00:00Z&$select=id,result"
    for order, key in (
        ("result", lambda o: (o["result"], o["@iot.id"])),
        ("result desc", lambda o: (-o["result"], o["@iot.id"])),
        ("result,id desc", lambda o: (o["result"], -(o["@iot.id"] >> 33), -o["@iot.id"])),
        ("phenomenonTime desc,result", None), ("parameters/none,Datastream/name desc,result", None), ("resultTime", None),
    ):  # fmt: skip
        found: list[Any] = []
        address = f"/Observations?$top=400&{within}&$orderby={order}"
        while address:
            page = await ask(sta, address)
            found += page["value"]
            address = page.get("@iot.nextLink", "").removeprefix(BASE)
        assert len(found) == len({o["@iot.id"] for o in found}) == 18 * (3 * DEVICES + 1), order
        assert key is None or found == sorted(found, key=key), order


async def test_expanded_observations_in_any_order_lead_on_too(
    sta: Sta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "SKIP_MOST", 4)
    within = "$filter=phenomenonTime lt 2026-01-01T03:00:00Z"
    whole = f"/Datastreams(1)/Observations?$orderby=result desc&{within}"
    inner = f"$orderby=result desc;$top=5;$skip=4;{within}"
    page = await ask(sta, f"/Datastreams(1)?$expand=Observations({inner})")
    further = await ask(
        sta, page["Observations@iot.nextLink"].removeprefix(BASE).replace("$top=5", "$top=50")
    )
    assert page["Observations"] + further["value"] == (await ask(sta, whole))["value"][4:]


MADE_UP = (
    "1.1",
    "1.1.WyJ4Il0",
    "1.1.WzFd",
    "1.1.!!",
    "1.1.WyIxIiwiMSJd",
    "1.1.WyJcdTAwMDAiXQ",
    "-1.1.WyIxIl0",
    "9" * 5000,
)


async def test_a_token_that_somebody_made_up_is_refused_in_words(sta: Sta) -> None:
    for token in MADE_UP:
        with pytest.raises(FilterError, match=r"another order|none of ours|than can be calculated"):
            await ask(sta, f"/Observations?$orderby=result&$skiptoken={token}")
