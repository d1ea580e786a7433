"""Queries for entities other than observations: which columns, a set, what a way leads to. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ops_api.sensorthings.core.schema import Entity, Way
from ops_api.sensorthings.core.sql import Compiled

_KEYS = {
    "Datastream": ("thing_id", "sensor_id", "property_id"),
    "HistoricalLocation": ("thing_id",),
}


def keys(of: Entity) -> tuple[str, ...]:
    """Return the columns by which an entity's ways go."""
    return (of.key, *_KEYS.get(of.name, ()))


def columns(of: Entity, select: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that an answer needs: those of the properties that are selected, and what its ways go by."""
    chosen = set(select)
    found = [*keys(of)]
    for known in of.properties.values():
        if not chosen or known.name in chosen:
            found += [column for column in known.columns if column not in found]
    return tuple(found)


def listed(alias: str, names: Iterable[str]) -> str:
    """Return columns of an alias."""
    return ", ".join(f"{alias}.{name}" for name in names)


def page(of: Entity, found: Compiled, names: Iterable[str], limit: int, skip: int) -> str:
    """Return a query for one page of a set; alias ``q``."""
    return (
        f"select {listed('q', names)} from {of.relation} q where {found.where}"  # noqa: S608 - names of the schema
        f" order by {found.order} limit {limit:d} offset {skip:d}"
    )


def counted(of: Entity, found: Compiled) -> str:
    """Return a query for how many there are."""
    return f"select count(*) as n from {of.relation} q where {found.where}"  # noqa: S608


def one(of: Entity, found: Compiled, names: Iterable[str]) -> str:
    """Return a query for entities whose keys are ``%(keys)s``; its ``offset`` has times of a datastream looked up once, however often they are told."""
    return (
        f"select {listed('q', names)} from {of.relation} q"  # noqa: S608
        f" where q.{of.key} = any(%(keys)s::bigint[]) and {found.where} offset 0"
    )


def many(
    here: Entity, way: Way, there: Entity, found: Compiled, names: Iterable[str], limit: int, skip: int
) -> str:
    """Return a query for what a way leads to from each of ``%(keys)s``, at most ``limit`` each; ``parent`` is whose they are."""
    tables = f"{way.link} k, {there.relation} q" if way.link else f"{there.relation} q"
    on = way.on.format(here="h", there="q", link="k")
    return (
        f"select h.{here.key} as parent, x.* from {here.relation} h cross join lateral (select {listed('q', names)}"  # noqa: S608
        f" from {tables} where {on} and {found.where} order by {found.order} limit {limit:d} offset {skip:d}) x"
        f" where h.{here.key} = any(%(keys)s::bigint[])"
    )


def many_counted(here: Entity, way: Way, there: Entity, found: Compiled) -> str:
    """Return a query for how many a way leads to from each of ``%(keys)s``."""
    tables = f"{way.link} k, {there.relation} q" if way.link else f"{there.relation} q"
    on = way.on.format(here="h", there="q", link="k")
    return (
        f"select h.{here.key} as parent, count(*) as n from {here.relation} h, {tables}"  # noqa: S608
        f" where h.{here.key} = any(%(keys)s::bigint[]) and {on} and {found.where} group by 1"
    )
