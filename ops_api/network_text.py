"""Road networks in words for a terminal, and as GeoJSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from devices.registry import RoadSegment
from ops_api.network_map import Made
from ops_api.terminal_text import escaped
from rules.core.network.build import Steps
from rules.core.network.check import Finding
from rules.core.network.counts import Counts, counts
from rules.core.network.network import Network


def report_lines(made: Made, findings: Sequence[Finding] = ()) -> Iterator[str]:
    """Yield what became of a map and what there is to say of its network."""
    if made.steps is not None:
        yield from _steps(made.steps)
    yield from count_lines(counts(made.network))
    if made.attribution:
        yield f"map: {escaped(made.attribution)}"
    for finding in (*made.findings, *findings):
        yield f"{finding.level}: {escaped(finding.text)}"


def _steps(steps: Steps) -> Iterator[str]:
    yield f"read: {steps.read} roads"
    for reason, n in sorted(steps.dropped.items(), key=lambda item: (-item[1], item[0])):
        yield f"  left out: {n}, {escaped(reason)}"
    share = steps.kept_m / steps.read_m if steps.read_m > 0.0 else 0.0
    yield f"kept: {steps.kept_m / 1000:.1f} of {steps.read_m / 1000:.1f} km ({share:.1%}), {steps.before_joining} roads"
    yield f"joined: {steps.joined} stretches without a junction"
    if steps.bans_read > 0:
        yield f"turn bans: {steps.bans_read} read, {steps.bans_lost} of them about roads that were left out"


def count_lines(found: Counts) -> Iterator[str]:
    """Yield a network in numbers."""
    yield f"network: {found.nodes} nodes, {found.segments} segments, {found.arcs} arcs, {found.km:.1f} km"
    yield "  km by class: " + ", ".join(f"{c} {km:.1f}" for c, km in found.km_by_class.items())
    yield f"  one-way {found.km_one_way:.1f} km, dual carriageway {found.km_dual:.1f} km (centre lines)"
    yield (
        f"  segments: {found.roundabout_segments} of roundabouts, {found.slip_segments} of slip roads,"
        f" {found.bridges} bridges, {found.sensors} with a sensor"
    )
    yield f"  {found.dead_ends} places to turn round, {found.turn_bans} turn bans"


def street_lines(network: Network, street: str) -> Iterator[str]:
    """Yield the segments of streets whose name or number contains ``street``, by street."""
    wanted, found = street.casefold(), defaultdict[str, list[RoadSegment]](list)
    for segment in network.segments:
        if wanted in segment.street.casefold() or wanted == segment.ref.casefold():
            found[segment.street].append(segment)
    for name, segments in sorted(found.items()):
        yield f"{escaped(name)}: {len(segments)} segments, {sum(s.length_m for s in segments) / 1000:.2f} km"
        yield from (f"  {_segment(s)}" for s in segments)


def _segment(s: RoadSegment) -> str:
    traits = [
        s.road_class, s.ref, f"{s.length_m:.0f} m", f"{s.width_m:.1f} m wide",
        f"{s.lanes} lane" + "s" * (s.lanes > 1) if s.lanes is not None else "", "one-way" if s.one_way else "",
        s.carriageway if s.carriageway != "single" else "", "bridge" if s.bridge else "",
        f"{s.speed_km_h:.0f} km/h" if s.speed_km_h is not None else "", f"sky {s.sky_view_factor:.2f}",
        f"horizon up to {max(s.horizon_deg):.0f}°" if s.horizon_deg else "",
        f"route {s.route_id}" if s.route_id else "", f"sensor {s.device}" if s.device else "",
    ]  # fmt: skip
    return escaped(f"{s.segment_id}: {s.from_node} to {s.to_node}, " + ", ".join(t for t in traits if t))


def as_json(made: Made, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """Return what :func:`report_lines` says as plain values."""
    return {
        "format": made.kind,
        "attribution": made.attribution,
        "steps": None if made.steps is None else asdict(made.steps),
        "counts": asdict(counts(made.network)),
        "findings": [asdict(f) for f in (*made.findings, *findings)],
    }


def as_geojson(network: Network) -> dict[str, Any]:
    """Return the segments as GeoJSON, to be looked at on a map."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": network.line(numbers[0])},
                "properties": _properties(network.segments[i]),
            }
            for i, numbers in enumerate(network.arcs_of)
        ],
    }


def _properties(segment: RoadSegment) -> dict[str, Any]:
    return {name: getattr(segment, name) for name in segment.__struct_fields__ if name != "geometry"}
