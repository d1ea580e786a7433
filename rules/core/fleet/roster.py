"""Which lorries there are and where salt is, as a winter service writes it down."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from devices.registry import Depot, Registry
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network

USUAL_SALT_T, USUAL_HOURS = 9.0, 8.0
"""Of a lorry that nobody says more of: a hopper of 6 m³ on 18 t, and a shift. Design defaults."""


NAME = re.compile(r"\w(?:[\w .-]{0,62}[\w.-])?")
"""A lorry's id: it is part of addresses of pages and of file names."""


class LorryEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A lorry: depot by id, salt [t], crew's hours from the start of the night [h], routes that it usually drives.

    ``device`` is the gritter that reports from it; its own name where nothing is said.
    """

    id: str
    depot: str
    salt_t: float
    hours: float | None = None
    from_min: float = 0.0
    device: str | None = None
    routes: list[str] = []

    @property
    def reports_as(self) -> str:
        """Name of the device on it."""
        return self.id if self.device is None else self.device


class Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Lorries, nodes of barns beside the depots, settings by their names, limits [min] by priority."""

    lorry: list[LorryEntry]
    barn: list[int] = []
    settings: dict[str, float] = {}
    limits_min: dict[int, float] | None = None


def roster_of(registry: Registry) -> Roster:
    """Return the roster where nobody has written one: a lorry for each gritter that is installed.

    Lorries go to the depots as routes do; routes go to the lorries of their depot in turn.

    Raises:
        ValueError: no gritter is installed, or there is no depot.
    """
    names = sorted(d.name for d in registry.devices if d.kind == "gritter")
    if not names or not registry.depots:
        raise ValueError(f"roster: there is no {'depot' if names else 'gritter'} in the registry")
    routes = sorted(registry.routes, key=lambda r: (r.priority, r.route_id))
    depots = [r.depot_id for r in routes] or [d.depot_id for d in registry.depots]
    at = {name: depots[n % len(depots)] for n, name in enumerate(names)}
    own: dict[str, list[str]] = {name: [] for name in names}
    for route in routes:
        here = [name for name in names if at[name] == route.depot_id] or names
        own[min(here, key=lambda name: (len(own[name]), name))].append(route.route_id)
    return Roster(
        lorry=[
            LorryEntry(id=name, depot=at[name], salt_t=USUAL_SALT_T, hours=USUAL_HOURS, routes=own[name])
            for name in names
        ]
    )


def fleet_of(roster: Roster, network: Network, depots: Iterable[Depot]) -> Fleet:
    """Return the lorries of a roster on a network; ValueError naming what is wrong and what is allowed."""
    _check_names(roster)
    places = {depot.depot_id: depot.node_id for depot in depots}
    lorries = tuple(_lorry(entry, places, network) for entry in roster.lorry)
    barns = dict.fromkeys([*(lorry.depot for lorry in lorries), *(node_of(network, n) for n in roster.barn)])
    fleet = Fleet(lorries, tuple(barns))
    fleet.check(network)
    return fleet


def _check_names(roster: Roster) -> None:
    """Raise ValueError where a lorry's name can't be part of an address, or two lorries report as one."""
    devices: dict[str, str] = {}
    for entry in roster.lorry:
        if not NAME.fullmatch(entry.id):
            raise ValueError(
                f"lorry {entry.id!r}: allowed in an id: letters, digits, blank, . _ -, at most 64"
            )
        if (other := devices.setdefault(entry.reports_as, entry.id)) != entry.id:
            raise ValueError(f"lorries {other} and {entry.id} both report from device {entry.reports_as}")


def settings_of(roster: Roster) -> FleetSettings:
    """Return the settings of a roster; ValueError or TypeError where one can't be."""
    known = set(FleetSettings.__dataclass_fields__) - {"limits_s"}
    for name in roster.settings:
        if name not in known:
            raise ValueError(f"settings: there is no {name}; allowed: {', '.join(sorted(known))}")
    values: dict[str, Any] = dict(roster.settings)
    if roster.limits_min is not None:
        values["limits_s"] = {priority: 60.0 * limit for priority, limit in roster.limits_min.items()}
    return FleetSettings(**values)


def node_of(network: Network, node_id: int) -> int:
    """Return the index of a node; ValueError where it is not in the network."""
    if node_id not in network.graph.node_index:
        raise ValueError(f"node {node_id} is not in the network")
    return network.graph.node_index[node_id]


def _lorry(entry: LorryEntry, places: Mapping[str, int], network: Network) -> Lorry:
    if entry.depot not in places:
        raise ValueError(
            f"lorry {entry.id}: no depot {entry.depot!r}; there are {', '.join(sorted(places)) or 'none'}"
        )
    until_s = math.inf if entry.hours is None else 3600.0 * entry.hours
    return Lorry(
        entry.id, node_of(network, places[entry.depot]), 1000.0 * entry.salt_t, 60.0 * entry.from_min, until_s
    )
