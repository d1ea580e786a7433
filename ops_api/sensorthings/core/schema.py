"""The eight entities: properties, ways to each other, and the columns behind them. The one table that paths, ``$expand``,
``$select``, ``$filter`` and ``$orderby`` go by, and the only place from which names of SQL come.

Source: OGC 18-088 §8.2. The relations are what a search path finds: ``sta_open``'s views, or a resident's own. What each
must have as columns says :func:`columns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from ops_api.sensorthings.core.types import Type

ID_NAMES = frozenset({"id", "@iot.id"})
ALWAYS = frozenset({"@iot.id", "@iot.selfLink", "id"})
"""What ``$select`` may name beside properties and ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property of an entity.

    Attributes:
        name: as it is written.
        type: of its value; text in properties of ``JSON`` and ``GEO`` has a path below it.
        columns: one, or of a stretch of time its ends.
        nullable: whether there may be none.
        place: of a geometry: the column with the id of the entity whose geometry it is, and that entity.
    """

    name: str
    type: Type
    columns: tuple[str, ...]
    nullable: bool = False
    place: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From an entity to another.

    Attributes:
        name: as it is written.
        to: name of the entity at its end.
        many: whether there may be several.
        back: name of the way back.
        on: condition with ``{here}``, ``{there}`` and, where a table stands between, ``{link}``.
        link: that table.
    """

    name: str
    to: str
    many: bool
    back: str
    on: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A kind of entity: its name, its set's, its relation and key."""

    name: str
    set: str
    relation: str
    key: str
    properties: Mapping[str, Property]
    ways: Mapping[str, Way]


def _text(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name=name, type=Type.TEXT, columns=(name,)) for name in names)


def _json(name: str, column: str = "", nullable: bool = False) -> Property:
    return Property(name=name, type=Type.JSON, columns=(column or name,), nullable=nullable)


def _geo(name: str, column: str, place: tuple[str, str], nullable: bool = False) -> Property:
    return Property(name=name, type=Type.GEO, columns=(column,), place=place, nullable=nullable)


def _stretch(name: str, since: str, until: str) -> Property:
    return Property(name=name, type=Type.INTERVAL, columns=(since, until), nullable=True)


_ENCODING = Property(name="encodingType", type=Type.TEXT, columns=("encoding",))
_PROPERTIES = _json("properties")
_NAMED = _text("name", "description")


def _one(to: str, back: str, fk: str, key: str) -> Way:
    return Way(name=to, to=to, many=False, back=back, on=f"{{there}}.{key} = {{here}}.{fk}")


def _many(name: str, to: str, back: str, fk: str, key: str) -> Way:
    return Way(name=name, to=to, many=True, back=back, on=f"{{there}}.{fk} = {{here}}.{key}")


def _entity(
    name: str, plural: str, relation: str, key: str, properties: tuple[Property, ...], *ways: Way
) -> Entity:
    identity = Property(name="id", type=Type.WHOLE, columns=(key,))
    known = {p.name: p for p in (identity, *properties)} | {"@iot.id": identity}
    return Entity(
        name=name,
        set=plural,
        relation=relation,
        key=key,
        properties=MappingProxyType(known),
        ways=MappingProxyType({way.name: way for way in ways}),
    )


_LINK_ON = "{link}.thing_id = {here}.thing_id and {there}.location_id = {link}.location_id"
_LINK_BACK = "{link}.location_id = {here}.location_id and {there}.thing_id = {link}.thing_id"
_DATASTREAM_TIMES = (
    _stretch("phenomenonTime", "phenomenon_since", "phenomenon_until"),
    _stretch("resultTime", "result_since", "result_until"),
)

_ALL = (
    _entity(
        "Thing",
        "Things",
        "sta_thing",
        "thing_id",
        (*_NAMED, _PROPERTIES),
        Way(
            name="Locations", to="Location", many=True, back="Things", on=_LINK_ON, link="sta_thing_location"
        ),
        _many("HistoricalLocations", "HistoricalLocation", "Thing", "thing_id", "thing_id"),
        _many("Datastreams", "Datastream", "Thing", "thing_id", "thing_id"),
    ),
    _entity(
        "Location",
        "Locations",
        "sta_location",
        "location_id",
        (*_NAMED, _ENCODING, _geo("location", "location", ("location_id", "Location")), _PROPERTIES),
        Way(name="Things", to="Thing", many=True, back="Locations", on=_LINK_BACK, link="sta_thing_location"),
        Way(
            name="HistoricalLocations",
            to="HistoricalLocation",
            many=True,
            back="Locations",
            on="{here}.location_id = any({there}.location_ids)",
        ),
    ),
    _entity(
        "HistoricalLocation",
        "HistoricalLocations",
        "sta_history",
        "history_id",
        (Property(name="time", type=Type.TIME, columns=("at",)),),
        _one("Thing", "HistoricalLocations", "thing_id", "thing_id"),
        Way(
            name="Locations",
            to="Location",
            many=True,
            back="HistoricalLocations",
            on="{there}.location_id = any({here}.location_ids)",
        ),
    ),
    _entity(
        "Datastream",
        "Datastreams",
        "sta_datastream",
        "datastream_id",
        (
            *_NAMED,
            Property(name="observationType", type=Type.TEXT, columns=("observation_type",)),
            _json("unitOfMeasurement", "unit"),
            _geo("observedArea", "observed_area", ("area_id", "Location"), nullable=True),
            *_DATASTREAM_TIMES,
            _PROPERTIES,
        ),
        _one("Thing", "Datastreams", "thing_id", "thing_id"),
        _one("Sensor", "Datastreams", "sensor_id", "sensor_id"),
        _one("ObservedProperty", "Datastreams", "property_id", "property_id"),
        _many("Observations", "Observation", "Datastream", "datastream_id", "datastream_id"),
    ),
    _entity(
        "Sensor",
        "Sensors",
        "sta_sensor",
        "sensor_id",
        (*_NAMED, _ENCODING, _json("metadata"), _PROPERTIES),
        _many("Datastreams", "Datastream", "Sensor", "sensor_id", "sensor_id"),
    ),
    _entity(
        "ObservedProperty",
        "ObservedProperties",
        "sta_property",
        "property_id",
        (*_text("name", "definition", "description"), _PROPERTIES),
        _many("Datastreams", "Datastream", "ObservedProperty", "property_id", "property_id"),
    ),
    _entity(
        "Observation",
        "Observations",
        "sta_observation",
        "observation_id",
        (
            Property(name="phenomenonTime", type=Type.TIME, columns=("ts",)),
            Property(name="result", type=Type.NUMBER, columns=("result",)),
            Property(name="resultTime", type=Type.TIME, columns=("received_at",), nullable=True),
            _json("resultQuality", "result_quality", nullable=True),
            _stretch("validTime", "valid_since", "valid_until"),
            _json("parameters", nullable=True),
        ),
        _one("Datastream", "Observations", "datastream_id", "datastream_id"),
        Way(
            name="FeatureOfInterest",
            to="FeatureOfInterest",
            many=False,
            back="Observations",
            on="{there}.feature_id = {here}.feature_id",
        ),
    ),
    _entity(
        "FeatureOfInterest",
        "FeaturesOfInterest",
        "sta_feature",
        "feature_id",
        (*_NAMED, _ENCODING, _geo("feature", "feature", ("feature_id", "FeatureOfInterest")), _PROPERTIES),
        _many("Observations", "Observation", "FeatureOfInterest", "feature_id", "feature_id"),
    ),
)

ENTITIES: Mapping[str, Entity] = MappingProxyType({entity.name: entity for entity in _ALL})
"""By name."""
SETS: Mapping[str, Entity] = MappingProxyType({entity.set: entity for entity in _ALL})
"""By the name of their set."""
OBSERVATION = ENTITIES["Observation"]
DATASTREAM = ENTITIES["Datastream"]


@cache
def columns() -> Mapping[str, frozenset[str]]:
    """Return what each relation must have as columns, for a test that holds a database to it."""
    needed: dict[str, set[str]] = {"sta_thing_location": {"thing_id", "location_id"}}
    for entity in _ALL:
        of = needed.setdefault(entity.relation, {entity.key})
        for known in entity.properties.values():
            of.update(known.columns)
            of.update(filter(None, known.place[:1]))
    needed["sta_datastream"] |= {"thing_id", "sensor_id", "property_id"}
    needed["sta_history"] |= {"thing_id", "location_ids"}
    needed["sta_observation"] |= {"datastream_id", "feature_id"}
    return MappingProxyType({name: frozenset(of) for name, of in needed.items()})
