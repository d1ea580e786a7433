"""A resident makes an evidence pack of her own stay: over REST and as a form, never beyond it, never of a neighbour."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool

from ops_api.access import enforce
from ops_api.households.model import Member
from ops_api.households.packs import requested_scope, shared_scope
from ops_api.queries import Db
from ops_api.routers import content, home_evidence
from rules.core.evidence.scope import Scope
from rules.damp.store import PostgresDamp
from rules.evidence.unpacking import verify
from tests.fakes import seed_web, website
from tests.fakes.damp_town import DampTown
from tests.fakes.website import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINE, THEIRS = seed_web.DAMP_HOME, seed_web.DRY_HOME
TODAY = datetime.now(UTC).date()
DAYS = {"from": str(TODAY - timedelta(days=3)), "to": str(TODAY)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One site for the file, whose damp is worked out."""
    folder = tmp_path_factory.mktemp("data")
    async with website.copied(pg_server, *await towns.template(), folder) as started:
        async with (
            AsyncConnectionPool(started.dsn, min_size=1, max_size=2, open=False) as pool,
            await psycopg.AsyncConnection.connect(started.dsn, autocommit=True) as conn,
        ):
            await DampTown(PostgresDamp(pool), conn).work()
        yield started


def files_of(answer: httpx.Response) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {i.filename: archive.read(i) for i in archive.infolist()}


async def test_a_resident_makes_a_pack_of_her_stay_which_is_cut_and_says_so(
    site: Site, tmp_path: Path
) -> None:
    await site.join(MINE)
    came = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=30)
    await site.sql(
        "update household_member m set from_at = %s from home h where h.home_id = m.home_id and h.code = %s",
        came,
        MINE,
    )
    sent = await site.http.post(f"/api/v1/homes/{MINE}/evidence", json=DAYS, timeout=60)
    files = files_of(sent)
    manifest = json.loads(files["manifest.json"])
    assert manifest["from_day"] == str(came.date())
    assert manifest["shown"]["asked_from"] == DAYS["from"]
    assert manifest["shown"]["start"] == came.isoformat().replace("+00:00", "Z")
    assert "since that person moved in" in manifest["shown"]["why"]
    assert manifest["shown"]["cut"]
    lines = [
        line
        for name, data in sorted(files.items())
        if name.startswith("readings/")
        for line in data.decode().splitlines()[1:]
    ]
    assert lines
    assert min(lines) >= came.isoformat()[:19]
    assert "diary.json" not in files
    assert MINE.encode() not in b"".join(files.values())
    pack = tmp_path / "pack.zip"
    pack.write_bytes(sent.content)
    assert verify(pack).whole
    [known] = await site.get(f"/api/v1/homes/{MINE}/evidence")
    assert (known["from_day"], known["bytes"]) == (str(came.date()), len(sent.content))
    # The page's form gives the same, with the diary where it is asked for.
    form = {"from_day": str(TODAY), "to_day": str(TODAY), "with_diary": "true"}
    assert "diary.json" in files_of(await site.http.post(f"/home/{MINE}/evidence.zip", data=form, timeout=60))
    foreign = await site.http.post(
        f"/home/{MINE}/evidence.zip", data=form, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    await site.sql("update household_member set from_at = '-infinity'")


async def test_the_analysts_figures_are_in_it(site: Site) -> None:
    await site.join(MINE)
    files = files_of(await site.http.post(f"/api/v1/homes/{MINE}/evidence", json=DAYS, timeout=60))
    analysis = json.loads(files["analysis.json"])
    kept = await site.sql(
        "select count(*) from damp_day k join home h using (home_id) where h.code = %s", MINE
    )
    assert 0 < len(analysis["days"]) <= kept[0][0]
    assert {"damp_hours_low", "damp_hours", "damp_hours_high", "factor", "mould"} <= set(analysis["days"][0])


async def test_days_that_make_no_pack_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.join(MINE)
    url = f"/api/v1/homes/{MINE}/evidence"
    for body, says in (
        ({"from": "2026-02-02", "to": "2026-02-01"}, "before it begins"),
        ({"from": "2020-01-01", "to": "2026-02-01"}, "at most"),
        ({"from": "2090-01-01", "to": "2090-02-01"}, "not begun"),
        ({"from": "soon", "to": "2026-02-01"}, "from"),
        ({"from": "2026-02-01"}, "to"),
    ):
        answer = await site.http.post(url, json=body)
        assert (answer.status_code, says in answer.text) == (422, True), (body, answer.text)
    monkeypatch.setattr(home_evidence._MAKING, "_value", 0)
    busy = await site.http.post(url, json=DAYS)
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "60")


async def test_a_neighbours_pack_is_not_made_also_without_the_apis_check(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.join(MINE)
    [home] = await site.sql("select home_id, code, label from home where code = %s", THEIRS)
    row = dict(zip(("home_id", "code", "label"), home, strict=True))

    async def closed() -> None:
        assert (await site.http.post(f"/api/v1/homes/{THEIRS}/evidence", json=DAYS)).status_code == 404
        form = {"from_day": DAYS["from"], "to_day": DAYS["to"]}
        assert (await site.http.post(f"/home/{THEIRS}/evidence.zip", data=form)).status_code == 404

    await closed()
    assert (await site.http.get(f"/api/v1/homes/{THEIRS}/evidence")).status_code == 404

    def everybody(who: Member | None, code: str) -> Member:
        assert who is not None
        return who

    monkeypatch.setattr(enforce, "decide", lambda *_: "yes")
    monkeypatch.setattr(content, "check_lives_in", everybody)
    await closed()

    async def any_home(who: Member, code: str) -> dict[str, Any]:
        return row

    async def any_scope(who: Member, home_id: int) -> Any:
        return scope

    monkeypatch.setattr(content, "home_row", any_home)
    await closed()
    scope = Scope(why="All of it, of anybody.")
    monkeypatch.setattr(home_evidence, "my_scope", any_scope)
    await closed()
    assert await site.get(f"/api/v1/homes/{THEIRS}/evidence") == []
    assert await site.sql("select count(*) from evidence_pack where home_id = %s", home[0]) == [(0,)]


async def test_the_council_has_what_is_shared_with_it_or_a_stay_on_request(site: Site) -> None:
    code = site.town.homes[4].code
    await site.join(code, name="Ada")
    [(home_id,)] = await site.sql("select home_id from home where code = %s", code)
    days = (TODAY - timedelta(days=3), TODAY)
    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=1, open=False) as pool:
        db = Db(pool)
        with pytest.raises(Exception, match=r"shares no readings .* --for-household NAME"):
            await shared_scope(db, home_id, days)
        since = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        gives = f"/api/v1/homes/{code}/consents"
        for statistic in ("risk", "daily", "readings"):
            given = {"statistic": statistic, "recipient_kind": "council", "from_at": since.isoformat()}
            assert (await site.http.post(gives, json=given)).status_code == 201
            if statistic != "readings":
                with pytest.raises(Exception, match="shares no readings"):
                    await shared_scope(db, home_id, days)
        scope = await shared_scope(db, home_id, days)
        assert not scope.written
        assert scope.rooms is not None
        assert {span.from_at for span in scope.rooms.values()} == {since}
        asked = await requested_scope(db, home_id, "ada")
        assert asked.stay.to_at is None
        assert "at the request of Ada" in asked.why
        with pytest.raises(Exception, match="nobody who lives there"):
            await requested_scope(db, home_id, "Eve")
