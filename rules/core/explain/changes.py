"""What would have made it otherwise, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.core.effects import Json
from rules.core.explain.catalogue_copy import Figures
from rules.core.explain.specs import CALM, Spec
from rules.core.explain.words import span, with_unit

THEN = {
    "no_treatment": "this route is not treated",
    "treat": "this route is treated",
    "clear": "this alarm clears",
    "on_list": "{subject} is on the list too",
    "off_list": "{subject} is not on the list",
}


def sentences(changes: Sequence[Json]) -> list[str]:
    """Return stored changes (``{quantity, by, unit, then}``) as sentences."""
    return [_sentence(c) for c in changes]


def _sentence(change: Json) -> str:
    by, quantity, unit = float(change["by"]), str(change["quantity"]), str(change["unit"])
    less, more = ("colder", "warmer") if quantity.endswith("_c") else ("less", "more")
    if quantity == "fill_pct":
        less, more = "emptier", "fuller"
    then = THEN.get(str(change["then"]), str(change["then"])).format(subject=change.get("subject", "it"))
    return f"{with_unit(abs(by), unit, 2)} {more if by > 0 else less} and {then}."


def to_clear(inputs: Json, spec: Spec, figures: Figures) -> list[str]:
    """Return how far an alarm is from clearing, as far as its inputs tell."""
    calm = figures.value(CALM.paths)
    stays = f" when it stays so for {span(calm)}" if isinstance(calm, int | float) and calm > 0 else ""
    if spec.clears is not None:
        key, stored, paths = spec.clears
        limit = inputs.get(stored, figures.value(paths))
        if not _is_number(inputs.get(key)) or not _is_number(limit):
            return []
        unit = "°C" if key.endswith("_c") else "% points"
        distance = max(0.0, float(inputs[key]) - float(limit))
        return [f"{with_unit(distance, unit)} {spec.way} and this alarm clears{stays}."]
    if "surface_temperature_c" in inputs:
        return _road(inputs, figures, stays)
    if "last_reading_at" in inputs:
        return ["One reading and this alarm clears."]
    return []


def _road(inputs: Json, figures: Figures, stays: str) -> list[str]:
    """A road leaves ice or hoar frost above 0 °C (or its frost point) and the hysteresis."""
    surface, frost = inputs.get("surface_temperature_c"), inputs.get("frost_point_c")
    slack = figures.value(("parameters.hysteresis_c",), "winter.surface") or 0.0
    if not _is_number(surface):
        return []
    limit = 0.0
    if inputs.get("state") == "hoar" and _is_number(frost):
        limit = min(0.0, float(frost or 0.0))
    distance = max(0.0, limit + float(slack) - float(surface or 0.0))
    return [f"{with_unit(distance, '°C')} warmer, or dry, and this alarm clears{stays}."]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
