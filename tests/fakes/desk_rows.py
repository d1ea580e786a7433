"""Group alarms and log lines in a seeded database, as the engine and the desk would have written them."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from tests.fakes import seed_web
from tests.fakes.seed_work import decide
from tests.fakes.website import Site


async def ice_on_a_route(site: Site) -> int:
    """Add an alarm of a route with three members, one of which has left; return its number."""
    [(alarm_id,)] = await site.sql(
        "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason,"
        " is_group) values ('winter.ice', 2, 'route', 'route-1', 'major', %s::timestamptz - interval '95 minutes',"
        " 'Ice on route 1', 'The surface is below 0 °C and wet on 2 stretches.', true) returning alarm_id",
        site.now,
    )
    names = [name for name, _ in stretches(site)]
    for place, (subject, minutes, left) in enumerate(zip(names, (95, 80, 70), (None, None, 40), strict=True)):
        await site.sql(
            "insert into alarm_member (alarm_id, kind, subject, severity, joined_at, left_at, reason)"
            " values (%s, 'segment', %s, %s, %s::timestamptz - make_interval(mins => %s),"
            " %s::timestamptz - make_interval(mins => %s), 'Surface −1.2 °C, wet.')",
            alarm_id, subject, "major" if place == 0 else "warning", site.now, minutes, site.now, left,
        )  # fmt: skip
    for minutes, actor, by, what, detail in story(names):
        await site.sql(
            "insert into alarm_log (alarm_id, at, actor, by, via, what, detail, planned_at)"
            " values (%s, %s::timestamptz - make_interval(mins => %s), %s, %s, %s, %s, %s, now())",
            alarm_id, site.now, minutes, actor, by, "web" if actor == "person" else "", what, Jsonb(detail),
        )  # fmt: skip
    return int(alarm_id)


async def raised(site: Site, title: str, severity: str = "major") -> int:
    """Add an alarm with its first line and say so, as the engine does; return its number."""
    [(alarm_id,)] = await site.sql(
        "with a as (insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
        " values ('winter.ice', 2, 'segment', 'x-' || gen_random_uuid(), %s, now(), %s, 'Wet, −1 °C.')"
        " returning alarm_id, severity, reason), l as (insert into alarm_log (alarm_id, at, actor, what, detail, planned_at)"
        " select alarm_id, now(), 'engine', 'raised', jsonb_build_object('severity', severity, 'reason', reason), now() from a)"
        " select alarm_id from a",
        severity,
        title,
    )
    await site.sql("select pg_notify('cityops_rules', '{}')")
    return int(alarm_id)


async def late_readings(site: Site) -> tuple[int, int]:
    """Add two windows, one of a home, and what they would have changed; return the decision's and the alarm's number."""
    decision, alarm = await decide(site), await raised(site, "Ice on Yew Road")
    [(route,)] = await site.sql(
        "insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived, state,"
        " checked_at, result) values ('route', 'route-1', '2026-01-09T18:00Z', '2026-01-09T20:40Z', '{road-001}', 17,"
        " now(), now(), 'differs', now(), %s) returning late_window_id",
        Jsonb(
            {
                "from_s": 1767980700, "to_s": 1768012800, "marked": 2,
                "never_raised": [{"rule_id": "winter.ice", "subject_kind": "route", "at_s": 1767985200}],
            }
        ),
    )  # fmt: skip
    await site.sql(
        "insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived)"
        " values ('home', %s, now() - interval '3 hours', now() - interval '2 hours', '{frog-0001}', 9, now(), now())",
        seed_web.DAMP_HOME,
    )
    for table, key, number in (("decision", "decision_id", decision), ("alarm", "alarm_id", alarm)):
        await site.sql(
            f"update {table} set would_differ = %s where {key} = %s",
            Jsonb({"text": "already 2026-01-09T19:20:00Z", "windows": [route]}), number,
        )  # fmt: skip
    return decision, alarm


def stretches(site: Site) -> list[tuple[str, str]]:
    """Return the three stretches that are in the alarm: identifier, and as people call it."""
    found = [s for s in site.town.segments if s.route_id == "route-1"][:3]
    return [(s.segment_id, f"{s.street} ({s.segment_id})") for s in found]


def story(names: list[str]) -> tuple[tuple[int, str, str, str, dict[str, Any]], ...]:
    """Return the lines of the log: minutes before now, actor, who, what, detail."""
    return (
        (95, "engine", "", "raised", {"severity": "warning", "reason": "The surface is below 0 °C and wet."}),
        (95, "desk", "", "told", {"kind": "raised", "to": "on_call:winter", "step": 1, "messages": 1}),
        (85, "desk", "", "told", {"kind": "escalated", "to": "role:duty_officer", "step": 2, "after_s": 600, "messages": 0}),
        (80, "engine", "", "member_joined", {"member": {"kind": "segment", "subject": names[1], "severity": "warning", "at_s": 0, "reason": "Surface −0.8 °C, wet.", "inputs": {}}}),
        (78, "person", "Ada", "acknowledged", {"note": "crew is on its way"}),
        (70, "engine", "", "severity", {"before": "warning", "severity": "major", "reason": "Ice on the bridge."}),
        (70, "desk", "", "taken_back", {"by": "Ada", "before": "warning", "severity": "major"}),
        (70, "desk", "", "told", {"kind": "severity", "to": "on_call:winter", "step": 1, "messages": 2}),
        (60, "engine", "", "flapping", {"begins": True, "changes": 4}),
        (40, "engine", "", "member_left", {"member_kind": "segment", "member": names[2], "at_s": 0, "reason": "Surface +0.6 °C."}),
        (30, "person", "Bob", "commented", {"text": "bridge closed by the police"}),
    )  # fmt: skip
