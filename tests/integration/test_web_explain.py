"""Why, in the same words on the page and by REST; homes masked; what ran then, not what is shipped now."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from devices.contract.kind import discover
from ops_api.queries import Db
from ops_api.queries.explain import alarm_explanation
from rules.catalogue.loader import SHIPPED
from rules.core.explain.model import Explanation
from rules.core.explain.text import as_text
from tests.fakes import seed_web
from tests.fakes.desk_rows import ice_on_a_route, stretches
from tests.fakes.seed_work import decide
from tests.fakes.website import Site

ZONE = ZoneInfo("Europe/London")


async def test_the_same_text_on_page_rest_and_as_plain_text(site: Site) -> None:
    number = await decide(site)
    why = await site.get(f"/api/v1/decisions/{number}/explanation")
    assert why["would_change"] == ["0.4 °C warmer and this route is not treated."]
    assert why["caveats"][0] == "Decided without 14 of 86 expected readings (road-003, weather-1)."
    assert why["inputs"][0]["quality"] == "good"
    assert (why["inputs"][0]["device"], why["inputs"][0]["value"]) == ("road-001", "\N{MINUS SIGN}1.4")
    page = await site.http.get(f"/decisions/{number}")
    assert page.status_code == 200
    shown = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
    text = " ".join(why["text"].split())
    for sentence in (
        why["headline"], why["first_line"], *why["why"], *why["would_change"], *why["caveats"],
        *(part for i in why["inputs"] for part in (i["name"], i["value"])),
        *(part for limit in why["limits"] for part in (limit["name"], limit["value"], limit["source"])),
    ):  # fmt: skip
        assert " ".join(sentence.split()) in shown, sentence
        assert " ".join(sentence.split()) in text, sentence
    assert len(why["sms"]) <= 306
    one = await site.get(f"/api/v1/decisions/{number}")
    assert (one["missing"], one["missing_devices"]) == (14, ["road-003", "weather-1"])
    for path in ("/decisions/999999", "/api/v1/decisions/999999", "/api/v1/decisions/999999/explanation"):
        assert (await site.http.get(path)).status_code == 404


async def test_what_would_differ_is_one_sentence_everywhere_and_measures_of_homes_stay_at_home(
    site: Site,
) -> None:
    late = {
        "devices": ["road-001"],
        "from": "2026-01-09T18:00:00Z",
        "to": "2026-01-09T20:40:00Z",
        "readings": 17,
    }
    mark = {"text": "no action instead of treat 2 stretches", "late": [late], "windows": [1]}
    number = await decide(site)
    await site.sql("update decision set would_differ = %s where decision_id = %s", Jsonb(mark), number)
    why = await site.get(f"/api/v1/decisions/{number}/explanation")
    [said] = [
        c for c in why["caveats"] if c.startswith("Would differ: no action instead of treat 2 stretches, had")
    ]
    assert "readings of road-001 from" in said
    page = await site.http.get(f"/decisions/{number}")
    assert said in " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
    assert (await site.get(f"/api/v1/decisions/{number}"))["would_differ"] == mark
    for kind, sentence in [
        ("home", "Would differ: not raised. It stands as made."),
        ("bin", "Would differ: not raised, had readings of road-001 from"),
    ]:
        [(alarm_id,)] = await site.sql(
            "update alarm set would_differ = %s where alarm_id ="
            " (select max(alarm_id) from alarm where subject_kind = %s) returning alarm_id",
            Jsonb(mark | {"text": "not raised"}), kind,
        )  # fmt: skip
        explained = await site.get(f"/api/v1/alarms/{alarm_id}/explanation")
        [told] = [c for c in explained["caveats"] if c.startswith(sentence)]
        page = await site.http.get(f"/alarms/{alarm_id}")
        assert told in " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def test_a_repaired_clock_is_told(site: Site) -> None:
    await site.sql(
        "update road_reading set quality = 1 where device_id = (select device_id from device where name = 'road-001')"
    )
    why = await site.get(f"/api/v1/decisions/{await decide(site)}/explanation")
    assert why["inputs"][0]["quality"] == "clock repaired"
    assert "The time of readings of road-001 was repaired." in why["caveats"]


async def test_thresholds_are_those_of_the_catalogue_that_ran_and_of_its_overrides(site: Site) -> None:
    files = {p.name: p.read_text(encoding="utf-8") for p in SHIPPED.glob("*.toml")}
    old = files["winter_gritting.toml"].replace("hoar_margin_c = 0.5", "hoar_margin_c = 0.7")
    [(catalogue_id,)] = await site.sql(
        "insert into catalogue_version (sha256, label, files, created_by) values ('x', 'old', %s, 'kim')"
        " returning catalogue_id",
        Jsonb(files | {"winter_gritting.toml": old}),
    )
    await site.sql(
        "insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at,"
        " taken_at)"
        " values ('winter.gritting', 'parameters.action_c', 'route', 'route-1', '0.5', 'lee', 'sheltered', %s, %s, now())",
        site.now - timedelta(days=1), site.now + timedelta(days=2),
    )  # fmt: skip
    number = await decide(site, catalogue_id=catalogue_id)
    limits = {x["name"]: x for x in (await site.get(f"/api/v1/decisions/{number}/explanation"))["limits"]}
    assert limits["dew or frost point counts as reached within"]["value"] == "0.7 °C"
    action = limits["looked at from, lowest expected surface"]
    assert (action["set_by"], "sheltered" in action["source"]) == ("lee", True)
    assert action["until"] is not None


async def explained(site: Site, where: str) -> Explanation:
    [(alarm_id,)] = await site.sql(f"select min(alarm_id) from alarm where {where}")
    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=2, open=False) as pool:
        found = await alarm_explanation(Db(pool), discover(), alarm_id, ZONE, site.now)
    assert found is not None
    return found


async def test_a_group_is_explained_by_its_members_on_page_and_by_rest(site: Site) -> None:
    alarm_id = await ice_on_a_route(site)
    for place, (name, _) in enumerate(stretches(site)):
        await site.sql(
            "update alarm_member set inputs = %s where alarm_id = %s and subject = %s",
            Jsonb({"surface_temperature_c": -1.2 - place, "state": "ice", "source": "sensor"}), alarm_id, name,
        )  # fmt: skip
    why = await site.get(f"/api/v1/alarms/{alarm_id}/explanation")
    (_, first), (_, second), (_, left) = stretches(site)
    assert why["first_line"] == f"Ice on route 1: 2 in it, {first}, {second}"
    assert [i["name"] for i in why["inputs"]] == [f"{first}: road surface", f"{second}: road surface"]
    assert why["would_change"] == [
        "2.5 °C warmer, or dry, on all of them and this alarm clears when it stays so for 60 min."
    ]
    assert left not in why["text"]
    assert [m.partition(" since ")[0] for m in why["members"]] == [first, second]
    page = (await site.http.get(f"/alarms/{alarm_id}")).text
    shown = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for sentence in (why["first_line"], *why["why"], *why["would_change"], *why["caveats"]):
        assert " ".join(sentence.split()) in shown, sentence


async def test_each_member_of_a_group_is_listed_once_the_worst_first(site: Site) -> None:
    alarm_id = await ice_on_a_route(site)
    await site.sql(
        "insert into alarm_member (alarm_id, kind, subject, severity, joined_at, reason)"
        " select %s, 'segment', 'lane-' || n, 'critical', %s, 'Lane ' || n || ' is ice.' from generate_series(1, 8) n",
        alarm_id, site.now,
    )  # fmt: skip
    page = (await site.http.get(f"/alarms/{alarm_id}")).text
    for reason in (f"Lane {n} is ice." for n in range(1, 9)):
        assert page.count(reason) == 1, reason
    assert page.count("Surface −1.2 °C, wet.") == 3, "two that are in it, one that has left"
    at_once, _, folded = page.partition("Show 2 more")
    assert "Lane 8 is ice." in at_once
    assert folded.count("Surface −1.2 °C, wet.") == 3
    assert "10 members" in at_once


async def test_alarms_are_explained_and_a_home_is_masked(site: Site) -> None:
    ice = await explained(site, "rule_id = 'winter.ice'")
    assert ice.inputs[0].name == "road surface"
    assert "warmer, or dry, and this alarm clears" in ice.would_change[0]
    home = await explained(site, "subject_kind = 'home'")
    text = as_text(home)
    async with await psycopg.AsyncConnection.connect(site.dsn) as conn:
        rows = await (await conn.execute("select code, label from home")).fetchall()
    assert not [word for row in rows for word in row if word in text]
    assert seed_web.DAMP_HOME not in text
    assert home.inputs == ()
    assert home.headline == "A home: damp wall"
