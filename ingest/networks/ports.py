"""Where imported road networks are kept, as a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from devices.registry import Depot, Registry, RoadNode, RoadSegment, TurnBan


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an import comes from.

    Attributes:
        network_id: name of the network: lower case letters, digits and ``-``.
        source: name of the file.
        format: kind of the file.
        checksum: SHA-256 of the file, hexadecimal.
        attribution: what the map's licence asks to be shown.
        imported_at: when; with its offset.
        summary: counts for people, plain values.
    """

    network_id: str
    source: str
    format: str
    checksum: str
    attribution: str = ""
    imported_at: datetime
    summary: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A network as it is to be: all of it."""

    source: Source
    nodes: tuple[RoadNode, ...]
    segments: tuple[RoadSegment, ...]
    turn_bans: tuple[TurnBan, ...] = ()
    depots: tuple[Depot, ...] = ()


@dataclass(frozen=True, slots=True)
class Replaced:
    """What an import changed.

    Attributes:
        written, gone: rows inserted or changed, and rows removed, by table.
        lost: of gritting routes, how many of their segments are gone, by route.
    """

    written: Mapping[str, int]
    gone: Mapping[str, int]
    lost: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Own:
    """The names of a network's segments and the numbers of its nodes."""

    segments: frozenset[str]
    nodes: frozenset[int]


class RoadNetworks(Protocol):
    """The road networks of an installation."""

    async def replace(self, imported: Imported) -> Replaced:
        """Put a network in the place of the one of its name, all of it or nothing.

        A segment that was there before keeps its gritting route, and its sensor where the import has none for it
        and puts the sensor on no other. Segments and nodes of the former import that are in the new one no
        more are removed, nodes of depots not.

        Raises:
            ConfigurationError: a segment belongs to another network or to none; or the registry's
                rules are broken, as by a sensor that is not installed.
        """
        ...

    async def roads(self) -> Registry:
        """Return nodes, segments, turn bans, depots and devices of the whole installation."""
        ...

    async def own(self, network_id: str) -> Own:
        """Return what belongs to a network; empty where there is none of that name."""
        ...

    async def sources(self) -> tuple[Source, ...]:
        """Return where the networks come from, by name."""
        ...
