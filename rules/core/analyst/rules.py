"""Which parameters hold for a home or a box at a time: the catalogue's, or an override's."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rules.core.overrides import NONE, Overrides
from rules.core.parameters import Catalogue


@dataclass(frozen=True, slots=True)
class DampRules:
    """The catalogue with its overrides.

    Attributes:
        catalogue: the live one.
        zone: of local days.
        overrides: prepared for it.
    """

    catalogue: Catalogue
    zone: ZoneInfo
    overrides: Overrides = NONE

    def of_home(self, code: str, at_s: float) -> Catalogue:
        """Return what holds for a home at a time [s since 1970]."""
        return self.overrides.at("home", code, at_s) or self.catalogue

    def of_device(self, device: str, at_s: float) -> Catalogue:
        """Return what holds for a box at a time [s since 1970]."""
        return self.overrides.at("device", device, at_s) or self.catalogue

    @property
    def versions(self) -> str:
        """The rules' versions, as they are kept with what was made by them."""
        c = self.catalogue
        return (
            f"band {c.damp_band.version}, mould {c.damp_mould.version}, events {c.damp_events.version}, "
            f"sensor {c.damp_sensor.version}"
        )

    @property
    def finding_versions(self) -> str:
        """The same with those of cause and advice."""
        return f"{self.versions}, cause {self.catalogue.damp_cause.version}, advice {self.catalogue.damp_advice.version}"
