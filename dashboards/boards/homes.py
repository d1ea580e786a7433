"""Homes: distributions and counts over all homes, never a home.

The dashboards' database role can read nothing else (cityops/db/routines/reader.sql):
the functions and views of schema ``board`` tell no number below five homes, and none from which
such a one could be worked out, and there is no variable by which a reader could narrow the homes down.
"""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import CELSIUS, HUMIDITY, title
from dashboards.meanings import NONE_IS_FINE, RISK
from dashboards.panels import GOOD, INFO, Way, columns, lines, note, number, rows

CLIMATE = "board.home_climate($__timeFrom(), $__timeTo())"

BY_RISK = "select risk, said as homes from board.home_risk order by array_position(array['high', 'raised', 'low'], risk)"

OF_RISK = "select homes from board.home_risk where risk = '{risk}'"
AT_RISK = """
select case when count(r.homes) = 2 then 100.0 * sum(r.homes) / nullif(min(h.homes), 0) end
  from board.home_risk r cross join board.homes_reporting h where r.risk in ('high', 'raised')
"""
TOO_FEW = "fewer than 5, or not told"

BY_WARD = """
select label as ward, at_risk as "at risk", homes, 100.0 * at_risk / nullif(homes, 0) as share, as_of::text as "as of"
  from board.ward_risk order by is_rest, share desc nulls last, label
"""

ALARMS = """
select $__timeGroupAlias(raised_at,'1h'), count(*) as alarms
  from board.alarm where subject_kind = 'home' and $__timeFilter(raised_at) group by 1 order by 1
"""


def _histogram(field: str, step: float, unit: str) -> str:
    """Bands as words; the first and the last have no end, and all have at least five homes."""
    return (
        f"select case when band_from is null and band_to is null then 'all'"
        f" when band_from is null then 'below ' || band_to::numeric || ' {unit}'"
        f" when band_to is null then 'from ' || band_from::numeric || ' {unit}'"
        f" else band_from::numeric || '–' || band_to::numeric || ' {unit}' end as band, homes"
        f" from board.home_histogram('{field}', {step}) order by band_from nulls first"
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
    related=(("cityops-alarms", "Alarms and answers"), ("cityops-fleet", "Health of the devices")),
    period="now-7d",
    refresh="15m",
    sections=(
        Section(
            "",
            (
                (
                    note(
                        "Counts and percentiles over all homes with a box; no number is shown that is about fewer than five, "
                        "and no home's own figures leave its household unless it shares them. "
                        "A resident sees their own home on their own page.",
                    ),
                ),
                (
                    number(
                        "Homes reporting", "select homes from board.homes_reporting", empty=TOO_FEW, width=5
                    ),
                    number(
                        "Share something with the housing team",
                        "select board.homes_sharing()",
                        description="Homes whose residents agreed that the council's housing team sees their risk or daily"
                        " means. Wards and homes that are shared are on the housing page, for who may open it.",
                        empty=TOO_FEW,
                        way=Way("The housing team's page", "${web}/housing/wards"),
                        width=5,
                    ),
                    number(
                        "Risk high now",
                        OF_RISK.format(risk="high"),
                        description="The rule for damp: humidity at the coldest surface, held for long enough.",
                        steps=NONE_IS_FINE,
                        empty=TOO_FEW,
                        width=5,
                    ),
                    number(
                        "Risk raised now",
                        OF_RISK.format(risk="raised"),
                        steps=NONE_IS_FINE,
                        empty=TOO_FEW,
                        width=5,
                    ),
                    number(
                        "Share at risk",
                        AT_RISK,
                        empty="not told",
                        unit="percent",
                        decimals=0,
                        steps=((None, GOOD), (20, INFO)),
                        width=4,
                    ),
                ),
            ),
        ),
        Section(
            "Now",
            (
                (
                    rows(
                        "Homes by risk",
                        BY_RISK,
                        description="Not told: with it the number of a class of fewer than five could be worked out.",
                        meanings={"risk": RISK},
                        width=8,
                    ),
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
            "By ward",
            (
                (
                    rows(
                        "Homes at risk by ward",
                        BY_WARD,
                        description="Raised or high by the findings of two weeks, counted once a week, as the map of wards has it. A"
                        " number is told only where it and the rest are large enough for nobody to be found by subtracting.",
                        units={"share": "percent"},
                        unknown=dict.fromkeys(("at risk", "homes", "share"), "not told"),
                        ways={"ward": Way("The map of wards", "${web}/housing/wards")},
                        empty="no ward is known, or none was counted yet",
                        width=24,
                    ),
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
