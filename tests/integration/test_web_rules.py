"""The rules over REST and as a page."""

from __future__ import annotations

import json

from rules.catalogue.loader import load, read_files
from tests.fakes.sharing import SHARES_RISK
from tests.fakes.website import Site


async def overridden(site: Site) -> None:
    files = read_files()
    await site.sql(
        "insert into catalogue_version (sha256, label, files, state, created_by)"
        " values ('x', 'colder', %s::jsonb, 'live', 'B. Officer')",
        json.dumps(files),
    )
    await site.sql(
        "insert into catalogue_log (catalogue_id, what, by, reason)"
        " select catalogue_id, 'promoted', 'B. Officer', 'as Lancashire does' from catalogue_version"
    )
    await site.sql(
        "insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at)"
        " values ('damp.surface_humidity', 'parameters.raise_pct', 'home', '1', '85', 'B. Officer', '<b>dry</b> house',"
        " now(), now() + interval '90 days'), ('bins.full', 'parameters.threshold_pct', 'bin', 'bin-001', '60',"
        " 'B. Officer', 'over', now() - interval '9 days', now() - interval '1 day')"
    )


async def test_rules_are_there_before_any_has_run(site: Site) -> None:
    rules = await site.get("/api/v1/rules")
    assert {r["id"] for r in rules} >= {"damp.surface_humidity", "winter.gritting", "bins.round"}
    assert {r["catalogue_id"] for r in rules} == {None}
    one = await site.get("/api/v1/rules/winter.gritting")
    assert one["parameters"]["action_c"] == load().gritting.parameters.action_c
    assert one["file"] == "winter_gritting.toml"
    missing = await site.http.get("/api/v1/rules/winter.snow")
    assert missing.status_code == 404
    page = (await site.http.get("/rules")).text
    assert "The rules have not run on this database yet" in page
    assert "Nothing yet." in page


async def test_what_is_live_and_overridden_is_shown(site: Site) -> None:
    await overridden(site)
    damp = await site.get("/api/v1/rules/damp.surface_humidity")
    [override] = damp["overrides"]
    assert (override["path"], override["value"], override["scope"], override["in_use"]) == (
        "parameters.raise_pct", 85, "a home", False,
    )  # fmt: skip
    assert isinstance(damp["catalogue_id"], int)
    assert "home 1" not in (await site.http.get("/rules")).text
    await site.sql(SHARES_RISK, 1)
    assert (await site.get("/api/v1/rules/damp.surface_humidity"))["overrides"][0]["scope"] == "1"
    assert "parameters.raise_pct is 85 for home 1" in (await site.http.get("/rules")).text
    await site.sql("delete from consent")
    response = await site.http.get("/rules")
    page = response.text
    assert "(colder)" in page
    assert "parameters.raise_pct is 85 for a home" in page
    assert "&lt;b&gt;dry&lt;/b&gt; house" in page
    assert "threshold_pct is 60" not in page  # over
    assert "was made live" in page
    assert "as Lancashire does" in page
    assert "unsafe" not in response.headers["content-security-policy"]
