"""The page of what is kept: for who runs the platform, and what it says is what the retention did."""

from __future__ import annotations

from ingest.retention import Retention
from ops_api.privacy.core.reach import REACH
from tests.fakes.website import Site


async def test_staff_of_the_platform_see_ages_and_what_went(site: Site) -> None:
    operator = site.as_("operations")
    page = await operator.get("/privacy/retention")
    assert page.status_code == 200, page.text[:300]
    assert "Nothing was looked for yet" in page.text
    await site.sql(
        "insert into account (name, label, made_by, made_at) values ('old.one', 'O', 'kim', now() - interval '400 days')"
    )
    await Retention(site.dsn, 90).drop()
    page = await operator.get("/privacy/retention")
    assert "What is too old went" in page.text
    assert "1 account" in page.text
    assert "2,557" in page.text
    assert all(one.purpose in page.text.replace("&#39;", "'") for one in REACH)


async def test_others_are_sent_to_sign_in_or_refused(site: Site) -> None:
    nobody = await site.http.get("/privacy/retention", follow_redirects=False)
    assert nobody.status_code == 303
    assert nobody.headers["location"].startswith("/sign-in")
    crew = await site.as_("gritter_crew").get("/privacy/retention", follow_redirects=False)
    assert crew.status_code == 403
    assert "REACH" not in crew.text


async def test_a_receipt_is_for_who_has_its_number(site: Site) -> None:
    for path in ("/home/receipts/", "/api/v1/erasures/"):
        assert (await site.http.get(f"{path}00000000-0000-4000-8000-000000000000")).status_code == 404
        assert (await site.http.get(f"{path}1")).status_code == 422
    await site.sql(
        "insert into erasure (erasure_id, home_id, why, resident_id, forget)"
        " values ('00000000-0000-4000-8000-000000000001', 1, 'asked', gen_random_uuid(), true)"
    )
    waits = await site.http.get("/home/receipts/00000000-0000-4000-8000-000000000001")
    assert "It is being deleted" in waits.text
    told = await site.http.get("/api/v1/erasures/00000000-0000-4000-8000-000000000001")
    assert told.json()["done_at"] is None
    await site.sql(
        "update erasure set done_at = now(), resident_id = null, forget = null, deleted = '{\"readings\": 7}',"
        " kept = '[[null, \"2026-01-09T00:00:00+00:00\"]]'"
    )
    done = await site.http.get("/home/receipts/00000000-0000-4000-8000-000000000001")
    assert "It is deleted" in done.text
    assert "<strong>7</strong>" in done.text
    assert "9 January 2026" in done.text
