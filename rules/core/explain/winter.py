"""What a gritting decision weighed beside temperatures: the dose, a forecast's chances, salt that is left, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.core.effects import Json
from rules.core.explain.catalogue_copy import Figures
from rules.core.explain.model import Limit, Shown
from rules.core.explain.words import number, with_unit

FORESEEN = (
    ("p_ice", "chance of ice", "%", 100.0, 0),
    ("p_below_0", "chance of 0 °C or colder", "%", 100.0, 0),
    ("film_mm", "water when it freezes", "mm", 1.0, 2),
    ("deposit_mm", "hoar that gathers", "mm", 1.0, 2),
)
"""Of a forecast: key, name, unit, factor and digits."""
DOSE = (
    ("dose.coldest_c", "salt is not spread below", "°C"),
    ("dose.safety_c", "salt that is left counts with a safety of", "°C"),
)


def weighed(inputs: Json, worst: Sequence[Json]) -> list[Shown]:
    """Return what is shown of it; ``worst``: the stretches that mattered, the coldest to treat first."""
    most = max(worst, key=_needed, default=None)
    return [*(() if most is None else _salt(most)), *_left(inputs), *_costs(inputs)]


def _needed(s: Json) -> float:
    """Return the salt that the matrix has for a stretch; of those that need none the first counts [g/m²]."""
    return float(s.get("cell_g_m2") or 0.0) if s.get("outcome") == "treat" else 0.0


def _salt(s: Json) -> list[Shown]:
    """Return the matrix's cell with the dose beside it, and what a forecast told of a stretch."""
    street, found = s.get("street") or s["segment_id"], list[Shown]()
    if s.get("cell_g_m2") is not None and s.get("dose_g_m2") is not None:
        there = s.get("residual_g_m2") or 0.0
        value = f"{number(s['cell_g_m2'])}, by physics {number(s['dose_g_m2'])}"
        value += f" on top of {number(there)} that lie there" if there > 0.0 else ""
        found.append(Shown(name=f"{street}, salt by the matrix", value=value, unit="g/m²"))
    return found + [
        Shown(name=f"{street}, {name}", value=number(factor * s[key], digits), unit=unit)
        for key, name, unit, factor, digits in FORESEEN
        if s.get(key) is not None
    ]


def _left(inputs: Json) -> list[Shown]:
    """Return the salt of earlier runs, and down to which temperature it does on the stretch where it does least."""
    left = inputs.get("salt_left")
    rows: list[Mapping[str, Any]] = list(left.values()) if isinstance(left, Mapping) else []
    if not rows:
        return []
    grams = sorted(r["g_m2"] for r in rows)
    text = number(grams[0]) if grams[0] == grams[-1] else f"{number(grams[0])} to {number(grams[-1])}"
    found = [Shown(name=f"salt left on {len(rows)} stretches", value=text, unit="g/m²")]
    safe = [r["safe_c"] for r in rows if r.get("safe_c") is not None]
    if safe:
        found.append(Shown(name="… keeps water there liquid down to", value=number(max(safe)), unit="°C"))
    return found


def _costs(inputs: Json) -> list[Shown]:
    cost = inputs.get("cost")
    if not isinstance(cost, Mapping):
        return []
    chance = f"{number(100.0 * cost['p_ice'], 0)} % chance of ice"
    whose = "the forecast's" if cost.get("source") == "forecast" else "from the sensors' trend"
    return [
        Shown(name="expected cost of treating", value=f"£{number(cost['treat_gbp'], 0)}"),
        Shown(
            name="expected cost of not treating",
            value=f"£{number(cost['leave_gbp'], 0)} ({chance}, {whose}; even at {number(100.0 * cost['act_from'], 0)} %)",
        ),
    ]


def salt_limits(inputs: Json, figures: Figures) -> list[Limit]:
    """Return the limits of salt, and the figures of the costs; none of a decision that did not know them."""
    if "cost" not in inputs:
        return []
    found = [
        (path, name, with_unit(value, unit))
        for path, name, unit in DOSE
        if (value := _figure(figures, path)) is not None
    ]
    pounds = (("cost.run_gbp", "a run costs"), ("cost.loss_gbp", "a night of ice untreated costs"))
    found += [
        (path, name, f"£{number(value, 0)}")
        for path, name in pounds
        if (value := _figure(figures, path)) is not None
    ]
    return [figures.limit(name, value, (f"parameters.{path}",)) for path, name, value in found]


def _figure(figures: Figures, path: str) -> Any:
    return figures.value((f"parameters.{path}",))
