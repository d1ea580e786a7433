"""The last month and year: bars, what is not known, and the words beside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ops_api.web import bar_chart, home_bars, home_days
from ops_api.web.bar_chart import Value
from tests.fakes.home_states import BRAND, NOW, room

TODAY = NOW.date()
SHARES = {"raised": 0.2, "high": 0.5}


def day(back: int, damp: int = 6, **changes: Any) -> dict[str, Any]:
    return {
        "day": TODAY - timedelta(days=back),
        "n": 288,
        "expected": 288,
        "temperature_c": 17.0,
        "humidity_pct": 70.0,
        "surface_hours": 24,
        "damp_hours_low": max(damp - 2, 0),
        "damp_hours": damp,
        "damp_hours_high": damp + 3,
        "mould": {},
        "flags": [],
    } | changes


def week(back: int, index: float, risk: str = "raised") -> dict[str, Any]:
    to_day = TODAY - timedelta(days=back)
    return {"week": to_day - timedelta(days=6), "to_day": to_day, "device_id": 1, "risk": risk, "mould_index": index, "cause": None, "risk_shares": SHARES}  # fmt: skip


def view(days: list[dict[str, Any]], weeks: list[dict[str, Any]] | None = None) -> home_days.DaysView:
    rooms = [room()]
    return home_days.view(rooms, rooms[0], days, weeks or [], now=NOW, brand=BRAND)


def test_the_answer_counts_days_of_the_days_that_are_known() -> None:
    days = [day(1, 6), day(2, 0), day(3, surface_hours=0), *(day(n, 3) for n in range(4, 60))]
    found = view(days)
    assert found.headline == "Your bedroom had damp hours on 28 of 29 days in the last month"
    assert view([day(1, 0)]).headline == "No damp hours in your bedroom on 1 day in the last month"
    assert view([]).headline == "There is no whole day yet"
    assert view([]).month is None


def test_a_day_that_is_not_known_is_no_dry_day() -> None:
    found = view([day(1, 14), day(2, 2, surface_hours=3), day(3, 5), day(4, 0)], [week(1, 2.0)])
    assert found.month is not None
    *_, dry, some, unknown, bad = found.month.bars
    assert [b.known for b in (dry, some, unknown, bad)] == [True, True, False, True]
    assert [b.tone for b in (dry, some, bad)] == ["low", "raised", "high"]
    assert bad.range_top < bad.top < bad.range_bottom
    assert found.month_table[1].damp == "not known"
    assert view([day(1, 2, surface_hours=2)]).headline == "There is no whole day yet"


def test_a_day_is_judged_as_the_findings_were() -> None:
    assert [home_bars.tone(h, SHARES) for h in (4.7, 4.9, 11.9, 12.0)] == ["low", "raised", "raised", "high"]
    assert home_bars.key(SHARES) == (("raised", 5), ("high", 12))
    assert home_bars.tone(9.0, {"raised": 0.4, "high": 0.6}) == "low"
    assert home_bars.tone(24.0, {}) == "low", "nothing was judged yet"


def test_months_and_the_index_stand_side_by_side() -> None:
    days = [day(n, 12 if n > 20 else 2) for n in range(1, 70)]
    found = view(days, [week(1, 2.0), week(8, 1.5), week(40, 0.6)])
    assert found.year is not None
    assert found.index is not None
    assert len(found.year.bars) == len(found.index.bars) == 12
    assert [b.known for b in found.index.bars[-3:]] == [True, False, True]
    assert found.year_table[0].index == "2.0"
    assert found.year_table[0].damp_days == "8 of 8"
    assert "at 2.0 of 6 now, and your risk is raised" in found.index_said


def test_bars_stay_in_their_frame() -> None:
    drawn = bar_chart.draw(
        [Value(name="a", label="a", value=30.0, high=40.0), Value(name="b", label="", value=0.0)], most=24, step=6
    )  # fmt: skip
    first, second = drawn.bars
    assert first.top == first.range_top == bar_chart.TOP
    assert second.height == 0.0
    assert [t.label for t in drawn.y_ticks] == ["0", "6", "12", "18", "24"]
