"""What OpenStreetMap's tags say of a road, and whether a gritter may drive it.

A value may be a list where the map was simplified before (as ``["30 mph", "20 mph"]``): the most
important class, the lowest limit and the fewest lanes are taken, the first of names. What is no
road for a part of its length is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from rules.core.network.draft import Traits
from rules.core.network.osm_limits import limits_of
from rules.core.network.osm_values import count, road_width_m, speed_km_h, texts

CLASSES = {
    "motorway": "A", "trunk": "A", "primary": "A", "secondary": "B", "tertiary": "C", "unclassified": "U",
    "residential": "U", "living_street": "U", "service": "U", "road": "U",
}  # fmt: skip
"""Class by ``highway``; a number that begins with A, B or M decides before it."""

ORDER = tuple(CLASSES)
"""From the most important to the least."""

NO_ACCESS = {"no", "private", "agricultural", "forestry", "emergency"}
YES = {"yes", "true", "1"}
NO_ROADS = {"parking_aisle", "driveway", "drive-through"}
ROUND = {"roundabout", "circular"}
REVERSIBLE = {"reversible", "alternating"}

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Way:
    """What is to be made of a way: ``direction`` is 1 one-way as drawn, -1 against, 0 both."""

    traits: Traits
    direction: int


def way_of(tags: Mapping[str, object], *, service: bool = False) -> Way | str:
    """Return a road, or in words why it is none.

    Args:
        tags: of the way; values are texts, booleans, numbers, or lists of these.
        service: whether service roads count as roads; their parking aisles and drives never do.
    """
    highway = _highway(tags)
    refused = _refused(tags, highway, service)
    if refused is not None:
        return refused
    base = highway.removesuffix("_link")
    return Way(_traits(tags, base, link=base != highway), _direction(tags, base))


def _text(tags: Mapping[str, object], key: str) -> str:
    return next(iter(texts(tags, key)), "")


def _least(tags: Mapping[str, object], key: str, of: Callable[[str], N | None]) -> N | None:
    return min((v for t in texts(tags, key) if (v := of(t)) is not None), default=None)


def _highway(tags: Mapping[str, object]) -> str:
    """Return the most important of the kinds of road, or one that is no road: who can't pass a part can't pass."""
    kinds = texts(tags, "highway")
    others = [k for k in kinds if k.removesuffix("_link") not in CLASSES]
    return min(others or kinds, key=_rank, default="")


def _rank(kind: str) -> tuple[int, bool]:
    base = kind.removesuffix("_link")
    return (ORDER.index(base) if base in ORDER else len(ORDER), base != kind)


def _refused(tags: Mapping[str, object], highway: str, service: bool) -> str | None:
    if highway.removesuffix("_link") not in CLASSES:
        return f"highway={highway}" if highway else "no highway"
    if _text(tags, "area") in YES:
        return "an area"
    access = next((v for k in ("motor_vehicle", "vehicle", "access") if (v := _text(tags, k))), "")
    if access in NO_ACCESS:
        return "no access for vehicles"
    if highway == "service" and (not service or _text(tags, "service") in NO_ROADS):
        return "service road"
    if _text(tags, "oneway") in REVERSIBLE:
        return "its direction changes with the time of day"
    return None


def _direction(tags: Mapping[str, object], base: str) -> int:
    oneway = _text(tags, "oneway")
    if oneway in {"-1", "reverse"}:
        return -1
    if oneway in YES:
        return 1
    implied = _text(tags, "junction") in ROUND or base == "motorway"
    return 1 if implied and oneway not in {"no", "false", "0"} else 0


def _carriageway(tags: Mapping[str, object], base: str, *, link: bool) -> str:
    if _text(tags, "junction") in ROUND:
        return "roundabout"
    if link:
        return "slip"
    return "dual" if _text(tags, "dual_carriageway") in YES or base == "motorway" else "single"


def _traits(tags: Mapping[str, object], base: str, *, link: bool) -> Traits:
    ref = _text(tags, "ref").split(";")[0].strip()
    limits = limits_of(tags)
    letter = {"M": "A", "A": "A", "B": "B"}.get(ref[:1]) if ref[1:2].isdigit() else None
    return Traits(
        street=_text(tags, "name"),
        ref=ref,
        road_class=letter or CLASSES[base],
        carriageway=_carriageway(tags, base, link=link),
        lanes=_least(tags, "lanes", count),
        width_m=_least(tags, "width", road_width_m),
        speed_km_h=_least(tags, "maxspeed", speed_km_h),
        bridge=any(t != "no" for t in texts(tags, "bridge")),
        tunnel=any(t != "no" for t in texts(tags, "tunnel")),
        max_weight_t=limits.weight_t,
        max_height_m=limits.height_m,
        max_width_m=limits.width_m,
    )
