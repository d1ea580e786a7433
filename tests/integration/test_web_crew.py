"""The crews' pages without JavaScript: looked at by anybody, tapped by who is let in; photos, card, track, plans again."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import pytest_asyncio

from rules.core.rounds.model import Lock
from rules.rounds.ports import Rounds
from tests.fakes import crew_town, website
from tests.fakes.crew_town import LORRIES, clock, plan_again
from tests.fakes.evidence_home import photo_bytes
from tests.fakes.pdf_text import pdf_text
from tests.fakes.website import CREW_PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")
OURS, OTHER = LORRIES
PAGE = "/crew/Lorry%201"
ACTS = f"{PAGE}/acts"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plan(site: Site) -> Rounds:
    """The day's first plan; it is six in the morning."""
    made = await crew_town.plan_day(site)
    await clock(site, 6.05)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cleo(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A telephone of the crew."""
    async with httpx.AsyncClient(base_url=site.url, timeout=120) as browser:
        answer = await browser.post(
            "/crew/who", data={"name": "Cleo", "password": CREW_PASSWORD, "lorry": OURS}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        yield browser


def bins_of(plan: Rounds, lorry: str = OURS) -> tuple[str, ...]:
    return next(r.bins for r in plan.plan.rounds if r.lorry_id == lorry)


async def said(site: Site, bin_id: str) -> list[tuple[str, int | None]]:
    """Return what is written down of a bin: number of what, and the plan."""
    rows = await site.sql(
        "select what, plan_version from collection_act where ref = %s order by act_id", f"bin:{bin_id}"
    )
    return [(w, v) for w, v in rows]


async def test_without_lorries_and_without_a_plan_the_pages_say_so(site: Site) -> None:
    assert "No lorries are written down yet" in (await site.http.get("/crew")).text
    assert (await site.http.get(PAGE)).status_code == 404
    assert (await site.http.get(f"{PAGE}/card.pdf")).status_code == 404


async def test_anybody_looks_and_nobody_taps_without_the_password(site: Site, plan: Rounds) -> None:
    board = (await site.http.get("/crew")).text
    assert all(f">{name} <" in board for name in LORRIES)
    page = (await site.http.get(PAGE)).text
    labels = {b.bin_id: b.label for b in site.town.bins}
    ours = bins_of(plan)
    assert page.index(labels[ours[0]]) < page.index(labels[ours[1]])
    assert "Must: over 80 % on 2 of 3 readings" in page
    assert "geo:" in page
    assert "By " in page
    assert "crew--looks" in page
    data = {"bin": ours[0], "what": "collected", "version": plan.version}
    refused = await site.http.post(ACTS, data=data)
    assert (refused.status_code, "Say who you are first" in refused.text) == (403, True)
    assert (await site.http.post("/crew/who", data={"name": "Eve", "password": "a guess"})).status_code == 403
    assert (await site.http.post(f"{PAGE}/again")).status_code == 403
    assert await said(site, ours[0]) == []
    assert (await site.http.get("/crew/nobody")).status_code == 404


async def test_a_form_without_script_writes_down_once_and_shows_the_next_stop(
    site: Site, cleo: httpx.AsyncClient, plan: Rounds
) -> None:
    first, second = bins_of(plan)[:2]
    page = (await cleo.get(PAGE)).text
    form = re.search(
        rf'<form method="post" action="{ACTS}" data-tap>(<input type="hidden" name="bin" value="{first}">.*?)</form>',
        page,
    )
    assert form is not None
    data = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    assert data["what"] == "collected"
    for _ in range(2):
        answer = await cleo.post(ACTS, data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert await said(site, first) == [(1, plan.version)]
    page = (await cleo.get(PAGE)).text
    ahead, behind = page.split("crew-past")
    assert (f'id="stop-{first}"' in ahead, f'id="stop-{second}"' in ahead) == (False, True)
    assert "Emptied" in behind
    [undo] = re.findall(r'name="act" value="(\d+)"', behind)
    for _ in range(2):
        undone = await cleo.post(ACTS, data={"bin": first, "what": "withdrawn", "act": undo})
        assert undone.status_code == 303
    assert await said(site, first) == [(1, plan.version), (8, None)]
    assert f'id="stop-{first}"' in (await cleo.get(PAGE)).text.split("crew-past")[0]


async def test_a_reason_and_a_photo_are_for_the_crew_alone_and_the_photo_holds_only_pixels(
    site: Site, cleo: httpx.AsyncClient, plan: Rounds
) -> None:
    blocked = bins_of(plan)[0]
    data = {
        "bin": blocked,
        "what": "blocked",
        "version": plan.version,
        "reason": "a white <van>",
        "once": "b1",
    }
    answer = await cleo.post(ACTS, data=data, files={"photo": ("p.jpg", photo_bytes(), "image/jpeg")})
    assert answer.status_code == 303
    [(seen,)] = await site.sql("select seen ->> 'photo_sha256' from collection_act where what = 2")
    kept = await cleo.get(f"/crew/photos/{seen}")
    assert (kept.status_code, kept.headers["content-type"]) == (200, "image/jpeg")
    assert b"SECRETCAMERA" not in kept.content
    ours, public = (await cleo.get(PAGE)).text, (await site.http.get(PAGE)).text
    assert ("a white &lt;van&gt;" in ours, f'src="/crew/photos/{seen}"' in ours) == (True, True)
    live = await site.get("/live/crew", code=OURS)
    for text in (public, live["fragments"]["crew"], (await site.http.get("/crew")).text):
        assert ("van" in text, "Cleo" in text) == (False, False)
    assert "Blocked" in live["fragments"]["crew"]
    await clock(site, 6.08)
    path = f"/bins/{blocked}"
    for shown in (
        await site.http.get(path),
        await site.http.get("/bins"),
        await site.http.get("/api/v1/bins/rounds"),
    ):
        assert (shown.status_code, "van" in shown.text, "Cleo" in shown.text) == (200, False, False)
    assert "Crew: blocked" in (await site.http.get(path)).text
    assert "Cleo, a white &lt;van&gt;" in (await cleo.get(path)).text
    await site.sql(
        "insert into subject_state values ('bin', %s, now(), %s::jsonb)"
        " on conflict (subject_kind, subject) do update set state = excluded.state",
        blocked, '{"exceptions": [{"code": "blocked", "why": "the crew says so"}]}',
    )  # fmt: skip
    for path in ("/bins", f"/bins/{blocked}"):
        assert f'href="/crew/photos/{seen}"' in (await site.http.get(path)).text, path
    stranger = await site.http.get(f"/crew/photos/{seen}")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/crew")
    assert (await cleo.get(f"/crew/photos/{'0' * 64}")).status_code == 404
    bad = await cleo.post(
        ACTS,
        data={**data, "what": "not_out", "once": "b2"},
        files={"photo": ("p.jpg", b"no photo", "image/jpeg")},
    )
    assert (bad.status_code, "can&#39;t be read" in bad.text) == (422, True)
    assert (await cleo.post(ACTS, data={**data, "what": "dance"})).status_code == 422
    for wrong in (
        {"what": "dance"},
        {"bin": "no-such", "once": "b4", "sure": "true"},
        {"reason": "a\x00b", "once": "b5"},
    ):
        told = await cleo.post(ACTS, data={**data, **wrong}, headers={"Accept": "application/json"})
        assert (told.status_code, told.json()["state"]) == (422, "refused"), wrong
    assert (await cleo.post(ACTS, data={**data, "bin": "no-such", "once": "b3"})).status_code == 409
    assert (
        await cleo.post(ACTS, data={**data, "bin": "no-such", "once": "b3", "sure": "true"})
    ).status_code == 422


async def announced(site: Site, size: int) -> int:
    """Return the answer to who announces so much and sends nothing of it."""
    address = httpx.URL(site.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = f"POST {ACTS} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {size}\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.readline()
    writer.close()
    return int(answer.split()[1])


async def test_only_who_is_let_in_sends_what_is_as_large_as_a_photo(
    site: Site, cleo: httpx.AsyncClient
) -> None:
    files = {"photo": ("p.jpg", b"x" * 200_000, "image/jpeg")}
    assert await announced(site, 200_000) == 403
    assert (await cleo.post(ACTS, data={"bin": "b"}, files=files)).status_code == 422


async def test_the_live_list_comes_packed_and_each_change_at_once(
    site: Site, cleo: httpx.AsyncClient, plan: Rounds
) -> None:
    """A telephone pays by the MB: what comes over the air is counted as it comes."""
    raw, unpacked = zlib.decompressobj(31), b""
    async with cleo.stream("GET", "/live/crew/stream", params={"code": OURS}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        pieces, sent = answer.aiter_raw(), 0
        while b"\n\n" not in unpacked or b"event: state" not in unpacked:
            piece = await asyncio.wait_for(anext(pieces), 10)
            sent, unpacked = sent + len(piece), unpacked + raw.decompress(piece)
        first = len(unpacked)
        assert (sent < 0.2 * first, b"stop--bin" in unpacked) == (True, True)
        bin_id = bins_of(plan)[2]
        data = {"bin": bin_id, "what": "collected", "version": plan.version, "once": "l1"}
        assert (await cleo.post(ACTS, data=data)).status_code == 303
        while unpacked.count(b"event: state") < 2:
            unpacked += raw.decompress(await asyncio.wait_for(anext(pieces), 10))
    plain = {"Accept-Encoding": "identity"}
    async with cleo.stream("GET", "/live/crew/stream", params={"code": OURS}, headers=plain) as answer:
        assert "content-encoding" not in answer.headers


async def test_the_card_and_the_track_have_each_stop(site: Site, plan: Rounds) -> None:
    pdf = await site.http.get(f"{PAGE}/card.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    text = pdf_text(pdf.content)
    assert f"Round {OURS}" in text
    labels = {b.bin_id: b.label for b in site.town.bins}
    assert all(labels[b] in text for b in bins_of(plan))
    track = await site.http.get(f"{PAGE}/track.gpx")
    assert "attachment" in track.headers["content-disposition"]
    stops = next(r.stops for r in plan.plan.rounds if r.lorry_id == OURS)
    assert len(ET.fromstring(track.content).findall(".//{*}wpt")) == len(stops)


async def test_a_changed_plan_is_told_and_a_bin_that_is_another_lorrys_is_asked(
    site: Site, cleo: httpx.AsyncClient, plan: Rounds
) -> None:
    now_s = await clock(site, 6.2)
    given = bins_of(plan)[-1]
    again = await plan_again(
        site, now_s, locks=(Lock(kind="lorry", bins=(given,), lorry_id=OTHER, reason="nearer", by="Ada"),)
    )
    assert again.plan.lorry_of.get(given) != OURS
    await clock(site, 6.3)
    # Tapped on the old list: still ours, so it is kept, and the change is told.
    mine = next(b for b in bins_of(plan) if again.plan.lorry_of.get(b) == OURS)
    answer = await cleo.post(
        ACTS, data={"bin": mine, "what": "collected", "version": plan.version, "once": "c1"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?told={plan.version}")
    page = (await cleo.get(answer.headers["location"])).text
    assert "The plan changed at 06:12: look again. What you tapped is kept." in page
    assert await said(site, mine) == [(1, plan.version)]
    # Another lorry is on its way to this one: it is asked, and nothing is lost when it is meant.
    data = {"bin": given, "what": "collected", "version": plan.version, "once": "c2"}
    asks = await cleo.post(ACTS, data=data)
    assert asks.status_code == 409
    assert "The plan changed at 06:12: look again. It is on" in asks.text
    assert await said(site, given) == []
    as_script = await cleo.post(ACTS, data=data, headers={"Accept": "application/json"})
    assert (as_script.status_code, as_script.json()["state"]) == (409, "asks")
    sure = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asks.text))
    assert (await cleo.post(ACTS, data=sure)).status_code == 303
    assert await said(site, given) == [(1, plan.version)]
    old = await site.http.get(f"{PAGE}/card.pdf", params={"version": plan.version})
    assert f"REPLACED by plan {again.version}" in pdf_text(old.content)


async def test_what_was_tapped_without_reception_comes_later_with_its_time(
    site: Site, cleo: httpx.AsyncClient, plan: Rounds
) -> None:
    now_s = await clock(site, 6.5)
    rows = await site.sql("select ref from collection_act")
    late = next(b for b in bins_of(plan) if (f"bin:{b}",) not in rows)
    data = {"bin": late, "what": "not_out", "version": plan.version, "once": "d1", "ago_s": 1200}
    answer = await cleo.post(ACTS, data=data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["state"]) == (200, "kept")
    [(at_s,)] = await site.sql(
        "select extract(epoch from at)::float8 from collection_act where ref = %s", f"bin:{late}"
    )
    assert abs(at_s - (now_s - 1200.0)) < 5.0


async def test_a_crew_plans_again_breaks_down_and_comes_back(site: Site, cleo: httpx.AsyncClient) -> None:
    async def versions() -> int:
        [(count,)] = await site.sql("select count(*) from round_plan")
        return int(count)

    await clock(site, 6.6)
    before = await versions()
    for _ in range(2):
        assert (await cleo.post(f"{PAGE}/again", data={"once": "e1"})).status_code == 303
    assert await versions() == before + 1
    nothing = await cleo.post(f"{PAGE}/broken", data={"reason": " ", "once": "e2"})
    assert (nothing.status_code, "needs a reason" in nothing.text) == (409, True)
    assert (await cleo.post(f"{PAGE}/broken", data={"reason": "gearbox", "once": "e3"})).status_code == 303
    page = (await cleo.get(PAGE)).text
    assert "Out of service since" in page
    assert "gearbox" not in (await site.http.get("/crew")).text
    assert (await cleo.post(f"{PAGE}/returned", data={"once": "e4"})).status_code == 303
    assert "Out of service" not in (await cleo.get(PAGE)).text
    assert (await cleo.post("/crew/bye")).status_code == 303
    assert "Who are you?" in (await cleo.get(PAGE)).text
