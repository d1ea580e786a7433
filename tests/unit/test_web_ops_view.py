"""The wall: the worst thing first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ops_api.missing import Missing
from ops_api.web import alarms_view, ops_view
from ops_api.web.brand import Brand
from rules.core.incidents.model import Incident

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)
BRAND = Brand()


def counts(rule: str, severity: str, n: int) -> dict[str, Any]:
    return {
        "rule_id": rule,
        "subject_kind": "bin",
        "severity": severity,
        "alarms": n,
        "unacknowledged": n,
        "oldest": NOW,
    }


def wall(
    alarm_counts: list[dict[str, Any]],
    incidents: tuple[Incident, ...] = (),
    *,
    last: datetime | None = NOW,
    decided: datetime | None = NOW,
    missing: Missing | None = None,
) -> ops_view.OpsView:
    totals = {"readings": 100, "duplicates": 0, "dead_letters": 0, "last_batch_at": last}
    in_the_hour = last is not None and NOW - last < timedelta(hours=1)
    found = ops_view.Found(
        totals_day=totals,
        totals_hour=totals | {"last_batch_at": last if in_the_hour else None},
        rate=[{"at": NOW - timedelta(seconds=20), "readings": 120}],
        rules={"updated_at": decided},
        reasons=[],
        devices=[],
        alarm_counts=alarm_counts,
        urgent=[],
        incidents=incidents,
        missing=missing,
    )
    return ops_view.view(found, now=NOW, town_now=NOW, brand=BRAND)


def test_the_first_line_of_the_wall_is_the_worst_thing() -> None:
    fire, frost = counts("bins.fire", "critical", 1), counts("winter.hoar_frost", "warning", 5)
    assert wall([]).headline == "Nothing is wrong now"
    assert wall([frost]).headline == "5 active alarms, none critical"
    assert wall([frost, fire]).headline == "1 critical alarm: bins on fire"
    assert wall([fire], last=NOW - timedelta(minutes=5)).headline == "Readings: stored 5 minutes ago"
    assert wall([fire], decided=NOW - timedelta(minutes=5)).headline == "Rules: decided 5 minutes ago"
    assert wall([], last=NOW - timedelta(hours=5)).headline == "Readings: stored 5 hours ago"
    assert wall([], last=None).headline == "Readings: none in 24 hours"
    assert wall([], last=None).tone == "bad"
    assert wall([], decided=None).headline == "Rules: nothing decided yet"


def test_the_rate_is_over_the_last_minute_and_the_series_over_the_last_hour() -> None:
    view = wall([])
    assert view.rate == "2.0"
    seconds, rates = view.series
    assert len(seconds) == len(rates) == 360
    assert max(r for r in rates if r is not None) == 12.0


def test_unacknowledged_and_severe_alarms_come_first() -> None:
    def alarm(n: int, severity: str, taken: bool) -> dict[str, Any]:
        return {
            "alarm_id": n,
            "severity": severity,
            "raised_at": NOW + timedelta(seconds=n),
            "acknowledged_at": NOW if taken else None,
            "shelved_until": NOW if n == 5 else None,
            "closed_at": None,
        }

    alarms = [
        alarm(1, "warning", False),
        alarm(2, "critical", True),
        alarm(3, "major", False),
        alarm(4, "major", False),
        alarm(5, "critical", False),
    ]
    assert [a["alarm_id"] for a in alarms_view.by_urgency(alarms)] == [4, 3, 1, 2, 5]


def test_fewer_than_five_alarms_of_homes_are_no_number_on_the_wall() -> None:
    damp = counts("damp.surface_humidity", "major", 4) | {"subject_kind": "home"}
    frost = counts("winter.hoar_frost", "warning", 5)
    assert wall([damp]).headline == "A few active alarms of homes, none critical"
    assert wall([damp, frost]).headline == "5 active alarms and a few of homes, none critical"
    assert [g.few for g in wall([damp, frost]).groups] == [True, False]
    assert not wall([damp | {"alarms": 5}]).groups[0].few


def home(severity: str, n: int) -> dict[str, Any]:
    return counts("damp.surface_humidity", severity, n) | {"subject_kind": "home"}


def test_a_tile_says_how_many_are_as_bad_as_its_worst() -> None:
    def how_bad(*rows: dict[str, Any]) -> str:
        return wall(list(rows)).groups[0].how_bad

    assert how_bad(counts("bins.full", "major", 6)) == "major"
    assert how_bad(counts("bins.full", "major", 2), counts("bins.full", "warning", 4)) == "2 major"
    assert how_bad(home("major", 13), home("warning", 8)) == "13 major"
    # A small number of homes is told nowhere, and is not what is left when another is taken away.
    assert how_bad(home("major", 4), home("warning", 8)) == "some major"
    assert how_bad(home("major", 9), home("warning", 2)) == "some major"
    assert how_bad(home("major", 3), home("warning", 1)) == "major, below 5"


def test_the_first_line_counts_what_is_critical_and_not_what_stands_beside_it() -> None:
    ice = [counts("winter.ice", "critical", 1), counts("winter.ice", "major", 5)]
    assert wall(ice).headline == "1 critical alarm: routes with ice"
    assert wall([home("critical", 3)]).headline == "Critical alarms: homes at damp risk"
    assert wall([home("critical", 3), home("major", 9)]).headline == "Critical alarms: homes at damp risk"
    assert wall([*ice, home("critical", 3)]).headline.startswith("1 critical alarm: ")


def test_severities_beside_the_list_are_of_what_the_list_may_show() -> None:
    view = wall(
        [
            home("major", 13),
            home("warning", 8),
            counts("bins.full", "major", 6),
            counts("winter.hoar_frost", "warning", 3),
        ]
    )
    assert [(t.severity, t.alarms) for t in view.tallies] == [("major", 6), ("warning", 3)]
    assert view.homes_apart
    assert view.headline == "30 active alarms, none critical"
    assert not wall([counts("bins.full", "major", 6)]).homes_apart


def test_incidents_are_a_tile_of_their_own() -> None:
    def incident(n: int, severity: str, owner: str = "") -> Incident:
        made_at_s = (NOW - timedelta(hours=n)).timestamp()
        return Incident(
            incident_id=n, state="open", title="x", made_at_s=made_at_s, severity=severity, owner=owner
        )

    assert wall([]).incidents is None
    one = wall([], (incident(3, "warning", "Ada"),)).incidents
    assert one == ops_view.IncidentTile(1, "warning", 0, "3\N{NO-BREAK SPACE}h", "/incidents/I3")
    two = wall([], (incident(3, "warning", "Ada"), incident(4, "major"))).incidents
    assert two == ops_view.IncidentTile(2, "major", 1, "4\N{NO-BREAK SPACE}h", "/incidents")
