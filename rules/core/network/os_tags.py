"""What OS Open Roads says of a road link (Ordnance Survey, OS Open Roads technical specification).

Open Roads knows no direction, no turns, no lanes, no width and no limits: every link is taken as two-way
until ``directions`` works out what geometry tells. Names of columns differ between the GeoPackage
(``road_classification``) and older files (``class``).
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.core.network.draft import Traits

CLASSES = {
    "motorway": "A", "a road": "A", "b road": "B", "classified unnumbered": "C", "unclassified": "U",
    "not classified": "U", "unknown": "U",
}  # fmt: skip
FORMS = {
    "single carriageway": "single", "dual carriageway": "dual", "collapsed dual carriageway": "dual",
    "roundabout": "roundabout", "slip road": "slip", "guided busway": "", "shared use carriageway": "single",
    "traffic island link": "single", "traffic island link at junction": "single", "track": "single",
    "enclosed traffic area": "single",
}  # fmt: skip
ONE_SIDE = {"dual carriageway", "roundabout"}
"""Forms whose lines are one-way in the world."""

NAMES = {
    "class": ("road_classification", "class", "roadClassification"),
    "form": ("form_of_way", "formOfWay"),
    "function": ("road_function", "function", "roadFunction"),
    "number": ("road_classification_number", "roadNumber", "roadClassificationNumber"),
    "name": ("name_1", "name1"),
    "id": ("identifier", "id"),
    "start": ("start_node", "startNode"),
    "end": ("end_node", "endNode"),
    "structure": ("road_structure", "structure", "roadStructure"),
    "fictitious": ("fictitious",),
}


def value(properties: Mapping[str, object], name: str) -> str:
    """Return a property by our name for it, empty where there is none."""
    return next((str(v) for key in NAMES[name] if (v := properties.get(key)) not in (None, "")), "")


def traits_of(properties: Mapping[str, object], *, restricted: bool = False) -> Traits | str:
    """Return what a link says, or in words why it is no road.

    Args:
        properties: of the link.
        restricted: whether roads of restricted access count.
    """
    form, function = value(properties, "form").lower(), value(properties, "function").lower()
    carriageway = FORMS.get(form, "single")
    if not carriageway:
        return form
    if value(properties, "fictitious").lower() in {"true", "1"}:
        return "fictitious link"
    if function.startswith("restricted") and not restricted:
        return "restricted access"
    structure = value(properties, "structure").lower()
    return Traits(
        street=value(properties, "name"),
        ref=value(properties, "number"),
        road_class=CLASSES.get(value(properties, "class").lower(), "U"),
        carriageway=carriageway,
        bridge="bridge" in structure,
        tunnel="tunnel" in structure,
    )


def one_side(properties: Mapping[str, object]) -> bool:
    """Tell whether a link is one-way in the world, though its direction is not said."""
    return value(properties, "form").lower() in ONE_SIDE
