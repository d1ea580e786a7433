from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ops_api.web.chart import Chart, draw

START = datetime(2026, 10, 24, 12, tzinfo=UTC)  # the clocks go back in the night after
END = START + timedelta(hours=48)
LONDON = ZoneInfo("Europe/London")


def chart(points: list[tuple[datetime, float | None]], **options: object) -> Chart:
    return draw(points, start=START, end=END, zone=LONDON, step=20, at_least=(40, 80), **options)  # type: ignore[arg-type]


def numbers(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def test_a_pause_breaks_the_line() -> None:
    drawn = chart([(START, 50), (START + timedelta(minutes=10), 51), (START + timedelta(hours=3), 52)])
    assert re.sub(r"[^ML]", "", drawn.path) == "MLM"


def test_a_missing_value_is_not_drawn_as_zero() -> None:
    drawn = chart([(START, 50), (START + timedelta(minutes=10), None), (START + timedelta(minutes=20), 50)])
    assert len(numbers(drawn.path)) == 2
    assert len({y for _, y in numbers(drawn.path)}) == 1


def test_zero_is_drawn() -> None:
    assert len(numbers(chart([(START, 0.0)]).path)) == 1


def test_no_points_leave_an_empty_frame() -> None:
    drawn = chart([])
    assert (drawn.path, drawn.last_x, drawn.last_y) == ("", None, None)
    assert [t.label for t in drawn.y_ticks] == ["40", "60", "80"]


def test_ticks_say_local_hours_and_days() -> None:
    assert [t.label for t in chart([]).x_ticks] == ["Sun", "12:00", "Mon", "12:00"]


def test_the_band_covers_what_is_above_the_limit_only() -> None:
    assert chart([], above=80).band is None
    band = chart([], above=60).band
    assert band is not None
    by_label = {t.label: t.at for t in chart([]).y_ticks}
    assert (band.top, band.top + band.height) == (by_label["80"], by_label["60"])


def test_marks_outside_the_axis_are_left_out() -> None:
    marks = [(START - timedelta(hours=1), "Shower"), (START + timedelta(hours=1), "Cooking")]
    assert [m.label for m in chart([], marks=marks).marks] == ["Cooking"]


@given(st.lists(st.tuples(st.integers(0, 48 * 60), st.floats(-60, 160)), max_size=60))
def test_every_value_lies_in_the_frame_and_higher_is_warmer(values: list[tuple[int, float]]) -> None:
    ordered = sorted(values)
    drawn = chart([(START + timedelta(minutes=m), v) for m, v in ordered])
    points = numbers(drawn.path)
    assert len(points) == len(ordered)
    for x, y in points:
        assert drawn.left <= x <= drawn.width - 8
        assert 8 <= y <= drawn.bottom
    for (_, a), (_, b), (_, ya), (_, yb) in zip(ordered, ordered[1:], points, points[1:], strict=False):
        if a > b + 2:
            assert ya < yb
