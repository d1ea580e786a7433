"""From a draft to a network, with an account of what happened on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from devices.registry import Device
from rules.core.network.attach import bans_of, node_id, nodes_of, segments_of
from rules.core.network.clean import clean
from rules.core.network.connected import CutPart, largest_part
from rules.core.network.contract import contract, cut_long
from rules.core.network.defaults import NetworkSettings
from rules.core.network.directions import find_dual
from rules.core.network.draft import Barrier, Draft
from rules.core.network.network import Network
from rules.core.network.snap import Snapped, SurveyPoint, snap_sensors, with_sensors, with_survey


@dataclass(frozen=True, slots=True)
class Steps:
    """What became of a map on its way.

    Attributes:
        read: roads of the map, before anything was left out.
        dropped, inferred, unread, barriers, limits: as in :class:`~rules.core.network.draft.Draft`.
        cut: parts left out as they can't be reached and left, longest first.
        read_m, kept_m: length of roads before that and after it [m].
        before_joining: roads that were joined to the network's segments, before long ones were cut.
        joined: roads after joining.
        assumed: segments of which the map does not say something, by what.
        bans_read, bans_lost: turn bans of the map, and those that fit no segments any more.
        sensors: where each road sensor is.
        survey_off: surveyed places on no road.
    """

    read: int
    dropped: Mapping[str, int]
    inferred: Mapping[str, int]
    unread: Mapping[str, int]
    cut: tuple[CutPart, ...]
    read_m: float
    kept_m: float
    before_joining: int
    joined: int
    assumed: Mapping[str, int]
    bans_read: int
    bans_lost: int
    sensors: tuple[Snapped, ...] = ()
    survey_off: int = 0
    barriers: tuple[Barrier, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside the map: sensors, a survey, and the numbers of nodes that must stay (depots)."""

    devices: Sequence[Device] = ()
    survey: Sequence[SurveyPoint] = ()
    keep: Collection[int] = field(default_factory=frozenset)


def build(draft: Draft, settings: NetworkSettings, beside: Beside | None = None) -> tuple[Network, Steps]:
    """Return the network of a map, and what became of the map.

    Raises:
        ValueError: nothing is left of it.
    """
    beside = Beside() if beside is None else beside
    whole = find_dual(clean(draft))
    part, cut = largest_part(whole)
    if not part.roads:
        raise ValueError("network: the map has no road that can be driven")
    joined = contract(part, {key for key in part.nodes if node_id(key) in beside.keep})
    final = cut_long(joined, settings.longest_m)
    bans, lost = bans_of(final)
    network = Network(nodes_of(final), segments_of(final, settings), bans)
    network, sensors, off = _placed(network, settings, beside)
    return network, Steps(
        read=len(draft.roads) + sum(draft.dropped.values()),
        dropped=part.dropped,
        inferred=whole.inferred,
        unread=draft.unread,
        cut=cut,
        read_m=sum(r.length_m for r in whole.roads),
        kept_m=sum(r.length_m for r in part.roads),
        before_joining=len(part.roads),
        joined=len(joined.roads),
        assumed=_assumed(final),
        bans_read=len(draft.bans),
        bans_lost=lost,
        sensors=sensors,
        survey_off=off,
        barriers=draft.barriers,
        limits=draft.limits,
    )


def _placed(
    network: Network, settings: NetworkSettings, beside: Beside
) -> tuple[Network, tuple[Snapped, ...], int]:
    segments, off = with_survey(network, beside.survey, settings.snap_m)
    sensors = snap_sensors(network, beside.devices, settings.snap_m)
    return Network(network.nodes, with_sensors(segments, sensors), network.turn_bans), sensors, off


def _assumed(draft: Draft) -> Mapping[str, int]:
    traits = [road.traits for road in draft.roads]
    counts = {
        "width, from lanes": sum(t.width_m is None and t.lanes is not None for t in traits),
        "width, from the class": sum(t.width_m is None and t.lanes is None for t in traits),
        "speed, from the class": sum(t.speed_km_h is None for t in traits),
        "name": sum(not t.street for t in traits),
    }
    return {what: n for what, n in counts.items() if n > 0}
