"""What is missing and how the database does, over REST."""

from __future__ import annotations

from tests.fakes.website import Site


async def test_what_is_missing_is_there_as_documents(site: Site) -> None:
    whole = await site.get("/api/v1/completeness")
    kinds = {k["kind"]: k for k in whole["kinds"]}
    assert (whole["missing"], whole["devices_to_look_at"]) == (17, 2)
    assert (kinds["road"]["completeness"], kinds["frog"]["completeness"]) == (1.0, 0.875)
    assert kinds["gritter"]["completeness"] is None
    assert kinds["frog"]["outstanding"] >= 40
    quiet, road = await site.seen("/api/v1/gaps")
    assert (quiet["device"], quiet["stored"], quiet["silent"], quiet["outstanding"]) == (
        "frog-0004",
        0,
        True,
        40,
    )
    assert road["ranges"] == [
        {"boot": 3829, "first": 1201, "last": 1207},
        {"boot": 3829, "first": 1301, "last": 1310},
    ]
    assert [d["device"] for d in await site.seen("/api/v1/gaps", kind="road", hours=2)] == [road["device"]]
    [one] = await site.seen("/api/v1/gaps", device=road["device"])
    assert one["missing"] == 17
    for wrong, status in (({"kind": "snail"}, 404), ({"device": "nobody"}, 404), ({"hours": 0}, 422)):
        assert (await site.as_("operations").get("/api/v1/gaps", params=wrong)).status_code == status


async def test_the_database_describes_itself(site: Site) -> None:
    state = await site.seen("/api/v1/database")
    tables = {t["kind"]: t for t in state["tables"]}
    assert state["bytes"] > 1_000_000
    assert tables["frog"]["parts"] >= 1
    assert tables["frog"]["bytes"] > 0
    assert (state["timescaledb"] is None) == (state["policies"] == []) == (tables["frog"]["columnar"] is None)
