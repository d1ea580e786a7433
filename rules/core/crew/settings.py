"""How a lorry's reports are read. Defaults of our own."""

from __future__ import annotations

import msgspec


class CrewSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How near and how long is near and long enough.

    Attributes:
        stop_m_s: a lorry that is not faster stands [m/s].
        stand_m: standing so near to a bin it is at it [m]; the bin's place is its own, the lorry's the receiver's.
        stand_s: it stands at least so long to empty it [s].
        stand_share: and at least such a share of what emptying takes.
        gap_s: between two reports that are further apart nobody knows whether it stood [s].
        tip_m, tip_s: standing so near to a tip and so long it unloads [m, s]: a weighbridge and a hall are wide.
        tip_apart_s: weighbridge and hall are at most so long after each other [s].
        tipped_kg, tipped_share: a lorry that weighs has unloaded when both fall by more.
        yard_m: so near to its depot it is in it [m].
        rest_s: standing so long away from any stop is a break [s].
        break_slack_s: a break may look so much shorter, by the time between reports [s].
        silent_s: nothing heard for so long of a lorry that is out [s].
        off_m: so much farther than straight ahead, and it is off the plan [m]; ``off_after``: so many reports in a row.
        streets: a way in streets is so many times the straight line.
        not_emptied_s: a bin that was not emptied says so of a lorry that stood there at most so long before or after [s].
    """

    stop_m_s: float = 1.5
    stand_m: float = 35.0
    stand_s: float = 15.0
    stand_share: float = 0.4
    gap_s: float = 120.0
    tip_m: float = 150.0
    tip_s: float = 180.0
    tip_apart_s: float = 480.0
    tipped_kg: float = 100.0
    tipped_share: float = 0.5
    yard_m: float = 120.0
    rest_s: float = 900.0
    break_slack_s: float = 60.0
    silent_s: float = 600.0
    off_m: float = 600.0
    off_after: int = 3
    streets: float = 1.6
    not_emptied_s: float = 3600.0
