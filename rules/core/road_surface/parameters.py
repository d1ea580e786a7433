"""Parameters of the road model: what a road is made of and how its surface meets the air.

A set has a name, a version and, for what is fitted, bounds. Where each value is from: docs/road-model.md.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.road_surface.salt import DRAINS_ABOVE_MM

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What differs from road to road.

    Attributes:
        sky_view: share of the sky that the road sees.
        albedo: of the bare road.
        emissivity: of the road, and what it absorbs of longwave radiation.
        wind_factor: wind on the road / wind of the station or forecast.
        traffic: relative to a busy motorway: wears stores and salt.
        traffic_w_m2: heat of vehicles on the road.
        traffic_w_m2k: air that vehicles stir.
        cloud_unknown: covered share of the sky where nobody says, at 80 % humidity; 1 while it rains or snows.
        cloud_by_humidity: by how much more for each percent of humidity.
        air_heat: by which share of its distance to 20 °C the air between heated houses is warmer than the
            station's, and the houses with it.
        wall_albedo: of what covers the sky.
        air_offset_c: air at the road minus air of the station or forecast.
    """

    sky_view: Share = 1.0
    albedo: Share = 0.10
    emissivity: Share = 0.95
    wind_factor: Annotated[float, Meta(ge=0, le=3)] = 1.0
    traffic: Annotated[float, Meta(ge=0, le=3)] = 1.0
    traffic_w_m2: NotNegative = 8.0
    traffic_w_m2k: NotNegative = 2.0
    cloud_unknown: Share = 0.6
    cloud_by_humidity: Annotated[float, Meta(ge=0, le=0.1)] = 0.0
    air_heat: Annotated[float, Meta(ge=0, le=0.3)] = 0.0
    wall_albedo: Share = 0.15
    air_offset_c: float = 0.0


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A layer of the ground: thickness [m], conductivity [W/(m K)], heat capacity [J/(m³ K)]."""

    thickness_m: Positive
    conductivity_w_mk: Positive
    capacity_j_m3k: Positive


class Ground(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The ground: layers from the top, nodes, and the underside (0 = no heat passes; a bridge's air: 20)."""

    layers: tuple[Layer, ...] = (
        Layer(thickness_m=0.25, conductivity_w_mk=1.5, capacity_j_m3k=2.0e6),
        Layer(thickness_m=2.0, conductivity_w_mk=1.2, capacity_j_m3k=1.4e6),
    )
    first_m: Positive = 0.01
    growth: Annotated[float, Meta(ge=1, le=2)] = 1.25
    nodes: Annotated[int, Meta(ge=5, le=100)] = 19
    bottom_w_m2k: NotNegative = 0.0


class Coupling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the flux that the model lacked before the start goes on after it.

    Attributes:
        window_h: hours before the start whose lacking flux is taken.
        decay_h: time in which the correction falls to 1/e.
        recent_h, recent_decay_h: the same for what was lacking last, beyond that: shorter.
        most_w_m2: the correction is never larger.
        sun_window_h: hours before the start from which the error by sunshine is learnt.
        sun_weight_w_m2: sunshine that must have been seen for it to be believed by half.
        sun_most: the error by sunshine is never a larger share of it.
    """

    window_h: Positive = 3.0
    decay_h: Positive = 5.0
    recent_h: Positive = 1.0
    recent_decay_h: Positive = 2.0
    most_w_m2: NotNegative = 80.0
    sun_window_h: NotNegative = 30.0
    sun_weight_w_m2: Positive = 40.0
    sun_most: Share = 0.8


class Stores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What water, ice, snow and deposit do. mm of water equivalent; wear per hour at traffic 1.

    Attributes:
        drains_above_mm, drain_h: water above it runs off with this time constant.
        water_max_mm, ice_max_mm, snow_max_mm, deposit_max_mm: no store holds more.
        water_wear, ice_wear, snow_wear, deposit_wear: taken by traffic.
        no_spray_mm: film that wheels do not throw.
        snow_albedo, snow_covers_mm: a road under so much ice and snow is white.
    """

    drains_above_mm: NotNegative = DRAINS_ABOVE_MM
    drain_h: Positive = 1.0
    water_max_mm: Positive = 2.0
    ice_max_mm: Positive = 50.0
    snow_max_mm: Positive = 100.0
    deposit_max_mm: Positive = 2.0
    water_wear: NotNegative = 0.145
    ice_wear: NotNegative = 0.319
    snow_wear: NotNegative = 0.45
    deposit_wear: NotNegative = 1.16
    no_spray_mm: NotNegative = 0.1
    snow_albedo: Share = 0.6
    snow_covers_mm: Positive = 1.5


class Turbulence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Heights, roughness and bounds of the exchange with the air: ``turbulence.Profile``."""

    wind_height_m: Positive = 10.0
    air_height_m: Positive = 2.0
    roughness_m: Positive = 0.05
    heat_roughness_m: Positive = 0.005
    least_wind_m_s: Positive = 0.5
    most_stable: NotNegative = 0.5


class Street(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A street between houses, for its horizon: axis from north [°], width and heights [m]."""

    axis_deg: float
    width_m: Positive
    left_m: NotNegative
    right_m: NotNegative


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Between which a fitted parameter may lie."""

    low: float
    high: float


class ParameterSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A named, versioned set.

    Attributes:
        id, version, source: what it is and where it is from.
        fitted: bounds of the parameters that were fitted, by their names in ``site``; ``conductivity_factor`` too.
        fitted_from, fitted_to: dates of the nights that it was fitted to, both included (``2010-09-01``); "" = to none.
        conductivity_factor: on all layers.
    """

    id: str
    version: int
    source: str
    site: Site = Site()
    ground: Ground = Ground()
    turbulence: Turbulence = Turbulence()
    stores: Stores = Stores()
    coupling: Coupling = Coupling()
    street: Street | None = None
    conductivity_factor: Annotated[float, Meta(ge=0.2, le=5)] = 1.0
    fitted: dict[str, Bound] = {}
    fitted_from: str = ""
    fitted_to: str = ""

    def outside_bounds(self) -> list[str]:
        """Return which fitted parameters lie outside their bounds, in words; empty = none."""
        site = msgspec.structs.asdict(self.site) | {"conductivity_factor": self.conductivity_factor}
        unknown = [f"{name}: no parameter of a road" for name in self.fitted if name not in site]
        return unknown + [
            f"{name}: {site[name]} is not within {bound.low}..{bound.high}"
            for name, bound in self.fitted.items()
            if name in site and not bound.low <= site[name] <= bound.high
        ]


DEFAULT = ParameterSet(id="start", version=1, source="values of the literature, nothing fitted")
