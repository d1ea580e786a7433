"""Comparisons of moments and stretches of time, a moment being a stretch from itself to itself.

Source: FROST's reading of OGC 18-088 (StaTimeIntervalWrapper): a stretch is half open, ``lt`` is wholly before, ``gt``
wholly after, ``le`` and ``ge`` compare both ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ops_api.sensorthings.core.fragment import Fragment, made
from ops_api.sensorthings.core.types import Type

_STRETCH: Mapping[str, str] = MappingProxyType(
    {
        "eq": "({s1} = {s2} and {e1} = {e2})",
        "ne": "({s1} <> {s2} or {e1} <> {e2})",
        "gt": "({s1} >= {e2} and {s1} > {s2})",
        "ge": "({s1} >= {s2} and {e1} >= {e2})",
        "lt": "({e1} <= {s2} and {s1} < {s2})",
        "le": "({s1} <= {s2} and {e1} <= {e2})",
        "meets": "({s1} = {e2} or {e1} = {s2})",
        "during": "({s1} >= {s2} and {s1} < {e2} and {e1} <= {e2})",
        "overlaps": "(({s1} < {e2} and {s2} < {e1}) or {s1} = {s2})",
        "starts": "({s1} = {s2})",
        "finishes": "({e1} = {e2})",
    }
)
_MOMENT: Mapping[str, str] = MappingProxyType(
    {
        "eq": "({s1} = {s2})",
        "ne": "({s1} <> {s2})",
        "gt": "({s1} > {s2})",
        "ge": "({s1} >= {s2})",
        "lt": "({s1} < {s2})",
        "le": "({s1} <= {s2})",
        "meets": "({s1} = {s2})",
        "overlaps": "({s1} = {s2})",
        "starts": "({s1} = {s2})",
        "finishes": "({s1} = {s2})",
    }
)
RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        "before": "lt",
        "after": "gt",
        "meets": "meets",
        "during": "during",
        "overlaps": "overlaps",
        "starts": "starts",
        "finishes": "finishes",
    }
)
"""Functions of two times, and the comparison each is."""


def related(relation: str, left: Fragment, right: Fragment) -> Fragment:
    """Return whether two times stand in a relation; ``during`` needs a stretch on its right."""
    moments = left.type is Type.TIME and right.type is Type.TIME
    template = (_MOMENT if moments else _STRETCH)[relation]
    (s1, e1), (s2, e2) = left.ends, right.ends
    return made(template.format(s1=s1, e1=e1, s2=s2, e2=e2), Type.BOOL, left, right)
