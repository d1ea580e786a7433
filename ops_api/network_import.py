"""Imports a road network, and gives out the one in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cityops.errors import ConfigurationError
from cityops.settings import load_settings
from devices.registry import dump
from ingest.networks.ports import Replaced, RoadNetworks
from ops_api.network_map import (
    Made,
    Wanted,
    as_registry,
    check_name,
    imported,
    lost_depots,
    make,
    unserved,
)
from ops_api.network_text import as_json as report
from ops_api.network_text import report_lines
from ops_api.terminal_text import escaped
from ops_api.wiring_network import road_networks
from rules.core.network.check import Finding, judge
from rules.core.network.network import Network

Say = Callable[[str], None]


def import_map(wanted: Wanted, name: str, out: Path | None, *, anyway: bool, as_json: bool, say: Say) -> None:
    """Import a map into the database, or into a registry file where ``out`` is given.

    Raises:
        ConfigurationError: the map can't be read, or errors were found and ``anyway`` is not given.
    """
    if out is None:
        asyncio.run(_into_database(wanted, name, anyway, as_json, say))
        return
    check_name(name)
    made = make(wanted)
    _tell(made, (), as_json, say)
    _refuse(made.findings, anyway)
    out.write_bytes(dump(as_registry(made, name, wanted.devices)))


async def _into_database(wanted: Wanted, name: str, anyway: bool, as_json: bool, say: Say) -> None:
    async with road_networks(load_settings()) as networks:
        made, more, changed = await store_map(networks, wanted, name, datetime.now(UTC), anyway=anyway)
    _tell(made, more, as_json, say, changed)


async def store_map(
    networks: RoadNetworks, wanted: Wanted, name: str, at: datetime, *, anyway: bool = False
) -> tuple[Made, tuple[Finding, ...], Replaced]:
    """Store a map's network in the place of the one of its name.

    Args:
        networks: where. Its road sensors are put on the roads where ``wanted`` brings none, but for those
            that are on segments of others.
        wanted: the map.
        name: of the network.
        at: when that is.
        anyway: store it in spite of errors.

    Raises:
        ConfigurationError: as the map's reader and the store do, and for errors found without ``anyway``.
    """
    standing, own = await networks.roads(), await networks.own(name)
    elsewhere = {s.device for s in standing.segments if s.segment_id not in own.segments}
    devices = wanted.devices or [d for d in standing.devices if d.name not in elsewhere]
    wanted = replace(wanted, devices=devices, standing=standing.depots)
    made = make(wanted)
    new = imported(made, wanted, name, at)
    more = lost_depots(made, standing.depots, own.nodes)
    _refuse((*made.findings, *more), anyway)
    more = more or unserved(made, standing, own.segments)
    return made, more, await networks.replace(new)


def of_database(say: Say | None = None) -> Made:
    """Return the network in the database; ``say`` is told where its parts come from.

    Raises:
        ConfigurationError: there is no database, or no road in it.
    """
    return asyncio.run(_of_database(say))


async def _of_database(say: Say | None) -> Made:
    async with road_networks(load_settings()) as networks:
        roads = await networks.roads()
        sources = () if say is None else await networks.sources()
    for source in sources:
        when = f"{source.imported_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if say is not None:
            say(
                escaped(
                    f"{source.network_id}: {source.source} ({source.format}), {when}. {source.attribution}"
                )
            )
    if not roads.segments:
        raise ConfigurationError("there is no road in the database; `cityops network import` brings them")
    try:
        network = Network.of(roads)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    return Made("registry", "", network, roads.depots, None, judge(network, None, roads.depots))


def _tell(
    made: Made, more: tuple[Finding, ...], as_json: bool, say: Say, changed: Replaced | None = None
) -> None:
    if as_json:
        document = report(made, more) | {"changed": None if changed is None else asdict(changed)}
        say(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    say("\n".join(report_lines(made, more)))
    if changed is not None:
        for table, n in changed.written.items():
            say(f"{table}: {n} changed, {changed.gone.get(table, 0)} removed")
        for route, n in sorted(changed.lost.items()):
            say(escaped(f"warning: {n} segments of gritting route {route} are not in the new map"))


def _refuse(findings: tuple[Finding, ...], anyway: bool) -> None:
    errors = [f.text for f in findings if f.level == "error"]
    if errors and not anyway:
        raise ConfigurationError(
            "\n  ".join([f"{len(errors)} errors; --anyway imports in spite of them", *errors[:10]])
        )
