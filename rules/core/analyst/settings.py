"""The catalogue's parameters as the pure cores take them."""

from __future__ import annotations

import msgspec

from rules.core.damp_parameters import BandParameters, LearnParameters, MouldParameters
from rules.core.moisture_events.parameters import MoistureParameters
from rules.core.mould.sensitivity import MouldSettings
from rules.core.surface.learn import LearnSettings

_LEARN = ("from_h", "hours", "min_hours", "min_difference_k", "min_nights", "max_error", "probe_error_k")


def learn_settings(p: LearnParameters) -> LearnSettings:
    """Return when a night of a wall probe counts."""
    return LearnSettings(**{name: getattr(p, name) for name in _LEARN})


def mould_settings(p: MouldParameters, band: BandParameters) -> MouldSettings:
    """Return what the mould risk index leaves open."""
    return MouldSettings(
        wood=p.wood, surface_quality=p.surface_quality, decline=p.decline, damp_pct=band.limit_pct
    )


def of_room(p: MoistureParameters, room: str) -> MoistureParameters:
    """Return what holds for a box in a room of this name."""
    return msgspec.structs.replace(p, room=p.room.of(room))
