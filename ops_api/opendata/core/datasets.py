"""What is open: one declaration a dataset, from which feeds, catalogue, page and OGC collections derive. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from devices.contract.kind import Field
from devices.contract.kinds import road, weather
from ops_api.opendata.core.model import Column, Dataset

LABEL = Column("label", "Where it stands")
MEASURED = Column("measured_at", "When it was measured", "date-time")


def _measured(fields: tuple[Field, ...]) -> tuple[Column, ...]:
    """Return the columns of a kind's fields, but for batteries: a code becomes its word."""
    return tuple(
        Column(f.name, f.title) if f.codes else Column(f.name, f.title, "number", f.quantity.ucum)
        for f in fields
        if not f.name.startswith("battery")
    )


ROAD_TEMPERATURES = Dataset(
    id="road-temperatures",
    title="Road surface temperatures",
    says="The newest reading of each road sensor: surface, air and what is on the road. A sensor measures one spot of its road.",
    theme="TRAN", frequency="CONT", every="every ten minutes", shape="Point",
    columns=(LABEL, MEASURED, *_measured(road.KIND.fields), Column("quality", "0 where nothing is doubtful", "number", "1")),
    time="measured_at", keywords=("winter", "road weather", "ice"),
)  # fmt: skip
ROADS = Dataset(
    id="roads",
    title="State of roads",
    says="Each stretch of road with the state that the rules think its surface is in. The column source says from what: a sensor on it, a gritter, neighbours or a model.",
    theme="TRAN", frequency="CONT", every="every few minutes", shape="LineString",
    columns=(
        Column("street", "Street"), Column("road_class", "Class of road"), Column("route_id", "Gritting route"),
        Column("length_m", "Length", "number", "m"), Column("bridge", "On a bridge", "boolean"),
        Column("state", "Dry, damp, wet, hoar, ice, snow or unknown"), Column("hazard", "Slippery", "boolean"),
        Column("surface_temperature_c", "Surface temperature", "number", "Cel"), Column("source", "From what it is known"),
        Column("judged_at", "When it was judged", "date-time"),
    ),
    time="judged_at", measures="judged", keywords=("winter", "ice", "roads"),
)  # fmt: skip
WEATHER = Dataset(
    id="weather",
    title="Weather stations",
    says="The newest reading of each of the council’s weather stations.",
    theme="ENVI", frequency="CONT", every="every ten minutes", shape="Point",
    columns=(LABEL, MEASURED, *_measured(weather.KIND.fields), Column("quality", "0 where nothing is doubtful", "number", "1")),
    time="measured_at", keywords=("weather", "wind", "rain"),
)  # fmt: skip
BINS = Dataset(
    id="bins",
    title="Public bins",
    says="How full each public bin with a sensor is. Where nothing was heard of it for six hours, fresh is false and its level is not told.",
    theme="ENVI", frequency="CONT", every="every hour or oftener", shape="Point",
    columns=(
        LABEL, Column("street", "Street"), Column("stream", "What goes in"), Column("capacity_l", "Capacity", "number", "L"),
        Column("filling_level", "Share that is full, 0 to 1", "number", "1"),
        Column("temperature_c", "Temperature inside", "number", "Cel"),
        Column("emptied_at", "When it was last emptied", "date-time"), Column("status", "ok, dropped, burning or unknown"),
        MEASURED, Column("fresh", "Heard of within six hours", "boolean"),
    ),
    time="measured_at", keywords=("waste", "litter"),
)  # fmt: skip
HOMES = Dataset(
    id="homes-by-ward",
    title="Homes at risk of damp, by ward",
    says="Homes that are measured and those of them at risk of damp, counted by ward once a week. Where a number, or a sum or difference of two, would be about a few homes only, it is left empty.",
    theme="HEAL", frequency="WEEKLY", every="once a week", shape="Polygon",
    columns=(
        Column("ward", "Ward"), Column("homes", "Homes that are measured", "number", "1"),
        Column("at_risk", "Of these at risk of damp", "number", "1"), Column("as_of", "Newest day that is counted", "date-time"),
    ),
    time="as_of", measures="counted", keywords=("housing", "damp", "mould"),
)  # fmt: skip
ROUTES = Dataset(
    id="gritting-routes",
    title="Gritting routes tonight",
    says="Each gritting route and what the rules propose for it now. It is a proposal: what the duty officer decided is in gritting-decisions.",
    theme="TRAN", frequency="CONT", every="every few minutes", shape="MultiLineString",
    columns=(
        Column("route", "Route"), Column("priority", "Priority, 1 first", "number", "1"), Column("depot", "Depot"),
        Column("length_km", "Length of its roads", "number", "km"), Column("outcome", "treat, monitor, refer or no_action"),
        Column("spread_rate_g_m2", "Salt", "number", "g/m2"), Column("treat_by", "To be treated by", "date-time"),
        Column("min_surface_temperature_c", "Coldest surface ahead", "number", "Cel"), Column("reason", "Why"),
        Column("decided_at", "When it was decided", "date-time"),
    ),
    time="decided_at", measures="decided", keywords=("winter", "gritting", "salt"),
)  # fmt: skip
DECISIONS = Dataset(
    id="gritting-decisions",
    title="Gritting decisions of the last week",
    says="What the rules proposed for each route in the last seven days, by which version and why, and what the duty officer answered. Names are left out.",
    theme="TRAN", frequency="CONT", every="every few minutes", shape=None,
    columns=(
        Column("route_id", "Route"), Column("decided_at", "When it was decided", "date-time"),
        Column("outcome", "treat, monitor, refer or no_action"), Column("spread_rate_g_m2", "Salt", "number", "g/m2"),
        Column("reason", "Why"), Column("rule_id", "Rule"), Column("rule_version", "Its version", "number", "1"),
        Column("answer", "confirmed, changed, cancelled or unanswered; empty: not yet"),
    ),
    time="decided_at", measures="decided", keywords=("winter", "gritting", "transparency"),
)  # fmt: skip
TREATMENTS = Dataset(
    id="treatments",
    title="Roads treated in the last two days",
    says="Where gritters spread salt, by stretch of road, as their own reports tell it. The columns from_share and to_share say which part of the stretch. Lorries are not named.",
    theme="TRAN", frequency="CONT", every="every few minutes", shape="LineString",
    columns=(
        Column("segment_id", "Stretch, as in roads"), Column("street", "Street"), Column("treated_at", "When it was treated", "date-time"),
        Column("spread_rate_g_m2", "Salt", "number", "g/m2"), Column("from_share", "From here on its line, 0 to 1", "number", "1"),
        Column("to_share", "To there", "number", "1"),
    ),
    time="treated_at", measures="treated", keywords=("winter", "gritting", "salt"),
)  # fmt: skip
INCIDENTS = Dataset(
    id="incidents",
    title="Incidents in hand",
    says="What the operations centre has in hand. Texts and names that people wrote are left out; places are rounded to about a hundred metres.",
    theme="GOVE", frequency="CONT", every="at once", shape="Point",
    columns=(
        Column("state", "open or contained"), Column("severity", "How bad"), Column("services", "Whose they are"),
        Column("signals", "Alarms that belong to it", "number", "1"), Column("still_up", "Of these not over", "number", "1"),
        Column("opened_at", "When somebody took it up", "date-time"), Column("changed_at", "When it last changed", "date-time"),
    ),
    time="changed_at", measures="changed", keywords=("operations", "incidents"),
)  # fmt: skip

DATASETS: Mapping[str, Dataset] = {
    d.id: d
    for d in (ROAD_TEMPERATURES, ROADS, WEATHER, BINS, HOMES, ROUTES, DECISIONS, TREATMENTS, INCIDENTS)
}
"""In the order in which they are shown."""
