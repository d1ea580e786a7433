"""The wall: the worst thing first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ops_api.missing import Missing
from ops_api.web import alarms_view, ops_view
from ops_api.web.brand import Brand

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
        alarms=[],
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
