"""Homes: distributions and counts over all homes, never a home.

The dashboards' database role can read nothing else (cityops/db/routines/reader.sql):
the functions of schema ``board`` return nothing below five homes, and there is no
variable by which a reader could narrow the homes down.
"""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import CELSIUS, HUMIDITY, title
from dashboards.meanings import NONE_IS_FINE, RISK
from dashboards.panels import GOOD, INFO, columns, lines, note, number, shares

CLIMATE = "board.home_climate($__timeFrom(), $__timeTo())"

BY_RISK = """
select coalesce(sum(homes) filter (where risk = 'high'), 0) as high,
       coalesce(sum(homes) filter (where risk = 'raised'), 0) as raised,
       coalesce(sum(homes) filter (where risk = 'low'), 0) as low,
       coalesce(sum(homes) filter (where risk not in ('high', 'raised', 'low')), 0) as unknown
  from board.home_risk
"""

HIGH = "select coalesce(sum(homes), 0) from board.home_risk where risk = '{risk}'"

ALARMS = """
select $__timeGroupAlias(raised_at,'1h'), count(*) as alarms
  from board.alarm where subject_kind = 'home' and $__timeFilter(raised_at) group by 1 order by 1
"""


def _histogram(field: str, step: float, unit: str) -> str:
    return (
        f"select band::numeric || '–' || (band + {step})::numeric || ' {unit}' as band, homes"
        f" from board.home_histogram('{field}', {step}) order by home_histogram.band"
    )


def _percentiles(quantity: str) -> str:
    return (
        f'select bucket as "time", {quantity}_p10 as "a tenth below", {quantity}_p50 as middle,'
        f' {quantity}_p90 as "a tenth above" from {CLIMATE} order by 1'
    )


BOARD = BoardSpec(
    uid="cityops-homes",
    title="Homes: damp and warmth, all together",
    description="Distributions over all homes with a frog box. No single home can be seen here.",
    page=Page("Start page", "/"),
    period="now-7d",
    refresh="15m",
    sections=(
        Section(
            "",
            (
                (
                    note(
                        "Counts and percentiles over all homes; nothing is shown below five homes. "
                        "A resident sees their own home on their own page.",
                    ),
                ),
                (
                    number("Homes reporting", "select coalesce(sum(homes), 0) from board.home_risk", width=6),
                    number(
                        "Risk high now",
                        HIGH.format(risk="high"),
                        description="The rule for damp: humidity at the coldest surface, held for long enough.",
                        steps=NONE_IS_FINE,
                        width=6,
                    ),
                    number("Risk raised now", HIGH.format(risk="raised"), steps=NONE_IS_FINE, width=6),
                    number(
                        "Share at risk",
                        "select 100.0 * coalesce(sum(homes) filter (where risk in ('high', 'raised')), 0)"
                        " / nullif(sum(homes), 0) from board.home_risk",
                        unit="percent",
                        decimals=0,
                        steps=((None, GOOD), (20, INFO)),
                        width=6,
                    ),
                ),
            ),
        ),
        Section(
            "Now",
            (
                (
                    shares("Homes by risk", BY_RISK, meanings=RISK),
                    columns(
                        title("frog", "humidity_pct"),
                        _histogram("humidity_pct", 5, "%"),
                        x="band",
                        description="Number of homes by relative humidity of the room air now.",
                        width=8,
                    ),
                    columns(
                        title("frog", "temperature_c"),
                        _histogram("temperature_c", 1, "°C"),
                        x="band",
                        description="Number of homes by room temperature now.",
                        width=8,
                    ),
                ),
                (
                    columns(
                        "Humidity at the coldest surface",
                        _histogram("surface_humidity_pct", 5, "%"),
                        x="band",
                        description="Estimated from the room air and the home's temperature factor.",
                    ),
                    lines("Damp alarms raised", ALARMS, unit="short", bars=True),
                ),
            ),
        ),
        Section(
            "Over time",
            (
                (
                    lines(title("frog", "temperature_c"), _percentiles("temperature"), unit=CELSIUS),
                    lines(title("frog", "humidity_pct"), _percentiles("humidity"), unit=HUMIDITY),
                ),
                (
                    lines(
                        "Homes reporting, and homes above 70 % humidity",
                        f'select bucket as "time", homes as reporting, humid_homes as "above 70 %" from {CLIMATE} order by 1',
                        unit="short",
                        soft_range=(0, None),
                        width=24,
                    ),
                ),
            ),
        ),
    ),
)
