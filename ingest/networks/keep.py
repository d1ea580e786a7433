"""What an import leaves as it was: pure rules that both stores of networks obey."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from cityops.errors import ConfigurationError
from devices.registry import RoadSegment

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Known:
    """A segment that is there: which network it belongs to (None = to none), its route and its sensor."""

    network_id: str | None
    route_id: str | None
    device: str | None


def refuse_others(network_id: str, known: Mapping[str, Known]) -> None:
    """Refuse segments that are there and not of this network.

    Raises:
        ConfigurationError: naming some of them and whose they are.
    """
    others = {name: k.network_id for name, k in known.items() if k.network_id != network_id}
    if others:
        named = [
            f"{name} (of {'no network' if own is None else own})"
            for name, own in sorted(others.items())[:SHOWN]
        ]
        raise ConfigurationError(
            f"network {network_id!r} has {len(others)} segments that are there already and belong elsewhere:"
            f" {', '.join(named)}"
        )


def keeping(segments: Sequence[RoadSegment], known: Mapping[str, Known]) -> tuple[RoadSegment, ...]:
    """Return the segments with the routes and sensors that stay."""
    placed = {s.device for s in segments if s.device is not None}
    return tuple(_keeping(s, known[s.segment_id], placed) if s.segment_id in known else s for s in segments)


def _keeping(segment: RoadSegment, known: Known, placed: Collection[str]) -> RoadSegment:
    route_id = known.route_id if segment.route_id is None else segment.route_id
    device = segment.device
    if device is None and known.device is not None and known.device not in placed:
        device = known.device
    return msgspec.structs.replace(segment, route_id=route_id, device=device)
