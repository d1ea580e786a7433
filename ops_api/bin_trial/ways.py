"""Ways of choosing bins as they are written on the command line: ``fixed:0,2,4``, ``threshold:70``, ``forecast:0.1`` …"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from cityops.errors import ConfigurationError
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.policies import Decided, FixedDays, Forecast, Integrated, Policy, Threshold

USUAL = ("fixed:0,2,4", "threshold:60", "forecast:0.1", "integrated:40")
"""The four that are compared unless others are named: Monday, Wednesday and Friday; 60 %; 10 %; £40 an overflow."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of choosing bins: as it was written, who chooses, and with which lorries' settings (None: as they are)."""

    text: str
    policy: Policy
    rho_gbp: float | None = None

    def fleet(self, fleet: RoundFleet) -> RoundFleet:
        """Return the fleet with the way's own worth of an overflow."""
        if self.rho_gbp is None:
            return fleet
        return replace(fleet, settings=replace(fleet.settings, rho_gbp=self.rho_gbp))


def way_of(text: str) -> Way:
    """Return a way of choosing.

    Raises:
        ConfigurationError: there is none of that name, or its figures can't be.
    """
    name, _, figures = text.partition(":")
    if name not in MADE:
        raise ConfigurationError(f"--policy {text}: there are {', '.join(MADE)}")
    try:
        return MADE[name](text, figures)
    except ValueError as error:
        raise ConfigurationError(f"--policy {text}: {error}") from error


def _fixed(text: str, figures: str) -> Way:
    days = frozenset(int(f) for f in figures.split(",")) if figures else frozenset({0, 2, 4})
    return Way(text, FixedDays(days))


def _of(made: Callable[[float], Any], usual: float) -> Callable[[str, str], Way]:
    return lambda text, figures: Way(text, made(float(figures) if figures else usual))


def _integrated(text: str, figures: str) -> Way:
    rho_gbp = float(figures) if figures else None
    if rho_gbp is not None and not 0.0 <= rho_gbp < 1e6:
        raise ValueError("the worth of an overflow is £0 to £1,000,000")
    return Way(text, Integrated(), rho_gbp)


MADE: dict[str, Callable[[str, str], Way]] = {
    "fixed": _fixed,
    "threshold": _of(Threshold, 60.0),
    "forecast": _of(Forecast, 0.1),
    "integrated": _integrated,
    "decided": _of(Decided, 0.1),
}
