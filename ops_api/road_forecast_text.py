"""The road forecast as the command line prints it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from ops_api.queries import Row
from ops_api.queries.road_forecast import RoadOutlook
from ops_api.terminal_text import escaped

NONE = "There is no road forecast yet: `cityops rules run` makes one every half hour of the town's time."
STALE_S = 3 * 3600.0
COLUMNS = (
    ("middle_c", "°C", "{:.1f}"), ("low_c", "10 %", "{:.1f}"), ("high_c", "90 %", "{:.1f}"),
    ("below_zero", "P(<0)", "{:.0%}"), ("ice", "P(ice)", "{:.0%}"), ("film_mm", "film mm", "{:.2f}"),
    ("deposit_mm", "hoar mm", "{:.2f}"),
)  # fmt: skip


def forecast_lines(found: RoadOutlook, name: str, zone: ZoneInfo) -> Iterator[str]:
    """Yield the table by hour; of several stretches the coldest and the likeliest, with the coldest one's name."""
    several = len(found.now) != 1
    what = f"coldest stretches of {escaped(name)}" if several else escaped(name)
    yield f"Road forecast {found.issue['forecast_id']}, {what}, issued {_when(found.issue['issued_at'], zone)}, {_by(found.issue, zone)}"
    if found.age_s > STALE_S:
        yield f"It is {found.age_s / 3600.0:.1f} h old: decisions go by the sensors' own trend."
    if not several:
        yield _now(found.now[0])
    heads = [f"{'hour':<16}", *(f"{head:>7}" for _, head, _ in COLUMNS)]
    yield "  ".join(heads + (["coldest"] if several else []))
    for row in found.hours:
        cells = (f"{'' if row[n] is None else form.format(row[n]):>7}" for n, _, form in COLUMNS)
        yield "  ".join(
            [f"{_when(row['at'], zone):<16}", *cells, *([escaped(row["coldest"])] if several else [])]
        )


def _by(issue: Row, zone: ZoneInfo) -> str:
    if issue["weather"] == "stations":
        return "from stations alone: nobody forecast the weather"
    return f"by the weather of {escaped(issue['weather_source'])}, {_when(issue['weather_issued_at'], zone)}"


def _now(row: Row) -> str:
    off = "" if row["off_c"] is None else f"; its sensor is wrong by {row['off_c']:+.1f} °C and left out"
    return (
        f"Then {row['surface_c']:.1f} ± {row['deviation_c']:.1f} °C by {row['source']}, {row['condition']}, "
        f"water {row['water_mm']:.2f} mm, salt {row['salt_g_m2']:.1f} g/m²{off}"
    )


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
