"""The demo's home that is worth looking at."""

from __future__ import annotations

from devices.registry import Registry
from firmware_sim.frog_page import FrogPagePlan
from firmware_sim.scenario import TOWN_ZONE

SAMPLE_HOME = "demo-damp-home"


def sample_home(registry: Registry) -> str | None:
    """Return the code of a home worth looking at: the town's sample of a damp one, else the coldest."""
    codes = {h.code for h in registry.homes}
    coldest = min(registry.homes, key=lambda h: h.temperature_factor, default=None)
    return SAMPLE_HOME if SAMPLE_HOME in codes else None if coldest is None else coldest.code


def frog_page(registry: Registry, code: str | None) -> FrogPagePlan | None:
    """Return the plan of the page that the sample home's first frog serves itself."""
    devices = [d for home in registry.homes if home.code == code for d in home.devices]
    return FrogPagePlan(device=devices[0], zone=TOWN_ZONE) if devices else None
