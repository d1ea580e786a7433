"""The audit as administrators read it, of what people did on a running site."""

from __future__ import annotations

from ops_api.audit.reading import checked
from tests.fakes import seed_web
from tests.fakes.website import TEAM_PASSWORD, Site


async def test_what_people_did_is_there_for_administrators_alone(site: Site) -> None:
    [(alarm_id,)] = await site.sql("select alarm_id from alarm where rule_id = 'bins.fire'")
    await site.as_("operations").post(f"/alarms/{alarm_id}/acknowledge", data={})
    await site.as_("bin_crew").post(f"/alarms/{alarm_id}/close", data={"reason": "x"})
    await site.join(seed_web.DAMP_HOME)
    await site.http.post(f"/home/{seed_web.DAMP_HOME}/people/invite", data={})
    headers = {
        "Authorization": f"Bearer {TEAM_PASSWORD}",
        "X-Cityops-Who": "Olu",
        "X-Cityops-Purpose": "visits",
    }
    assert (await site.http.get("/api/v1/housing/homes", headers=headers)).status_code == 200
    assert (await site.as_("devices").get("/api/v1/webhooks")).status_code == 200
    admin = site.as_("admin")
    lines = (await admin.get("/api/v1/audit")).json()
    [(home_id,)] = await site.sql("select home_id from home where code = %s", seed_web.DAMP_HOME)
    told = [
        (x["actor_kind"], x["actor_id"], x["action"], x["object"], x["reason"], x["outcome"]) for x in lines
    ]
    assert told[::-1][:6] == [
        ("staff", "id-of-operations", "POST /alarms/{alarm_id}/acknowledge", f"alarm:{alarm_id}", "", "303"),
        ("staff", "id-of-bin_crew", "POST /alarms/{alarm_id}/close", f"alarm:{alarm_id}", "", "403"),
        ("nobody", "", "POST /join", "", "", "303"),
        (told[-4][0], told[-4][1], "POST /home/{code}/people/invite", f"home:{home_id}", "", told[-4][5]),
        ("team", "housing", "GET /api/v1/housing/homes", "", "visits", "200"),
        ("staff", "id-of-devices", "GET /api/v1/webhooks", "", "", "200"),
    ]
    assert told[-4][0] == "resident"
    assert told[0][:3] == ("staff", "id-of-admin", "audit read")
    everything = str(await site.sql("select e::text from audit_entry e"))
    for private in ("Olu", "Ada", seed_web.DAMP_HOME, "127.0.0.1"):
        assert private not in everything, private
    assert checked(site.dsn, {})[2] == []


async def test_the_page_shows_one_account_or_one_thing_and_goes_back(site: Site) -> None:
    admin = site.as_("admin")
    for _ in range(3):
        await site.as_("devices").get("/api/v1/webhooks")
    page = (await admin.get("/audit", params={"actor": "id-of-devices"})).text
    assert page.count("GET /api/v1/webhooks") == 3
    assert "id-of-admin" not in page.split("<tbody")[1]
    [looked] = (await admin.get("/api/v1/audit", params={"object": "actor:id-of-devices"})).json()
    assert (looked["actor_id"], looked["action"]) == ("id-of-admin", "audit read")
    older = (await admin.get("/api/v1/audit", params={"before": 2})).json()
    assert [x["entry_id"] for x in older] == [1]
    for wrong in ({"before": 0}, {"before": 2**63}, {"limit": 0}, {"actor": "x" * 301}):
        assert (await admin.get("/api/v1/audit", params=wrong)).status_code == 422, wrong
    assert (
        await admin.get("/audit", params={"actor": "<b>\x1f", "object": "'; drop table x"})
    ).status_code == 200


async def test_the_page_says_whose_account_it_was_and_finds_it_by_name(site: Site) -> None:
    """Lines have numbers alone; an administrator knows names."""
    [(number,)] = await site.sql(
        "insert into account (name, label, roles, made_by) values ('ada.lovelace', 'Ada', '{devices}', 'test') returning account_id"
    )
    assert (await site.as_("admin").post("/accounts/ada.lovelace/end-sessions", data={})).status_code == 303
    page = (await site.as_("admin").get("/audit")).text
    assert f'href="/audit?object=account%3A{number}">account:ada.lovelace</a>' in page
    await site.as_("admin").get("/audit", params={"actor": " ada.lovelace"})
    [looked] = (await site.as_("admin").get("/api/v1/audit", params={"object": f"actor:{number}"})).json()
    assert looked["action"] == "audit read"


async def test_nobody_else_reads_it(site: Site) -> None:
    assert (await site.http.get("/api/v1/audit")).status_code == 401
    assert (await site.http.get("/audit")).headers["location"] == "/sign-in?next=/audit"
    for role in ("operations", "devices", "housing"):
        assert (await site.as_(role).get("/audit")).status_code == 403
    assert (await site.with_key("desk:read").get("/api/v1/audit")).status_code == 403
    assert (await site.with_key("audit:read").get("/api/v1/audit")).status_code == 200
