"""Lorries, depots and tips as a waste service writes them down (TOML or JSON), with every default and its reason."""

from __future__ import annotations

import msgspec

from rules.core.rounds.model import DAY_S, Place
from rules.core.rounds.settings import RoundSettings, clock_s


class DepotEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A yard where lorries start and end."""

    id: str
    latitude_deg: float
    longitude_deg: float

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.latitude_deg, self.longitude_deg)


class TipEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A place where lorries unload.

    Attributes:
        opens, closes: unloading begins between them; 00:00 to 24:00 is around the clock, for night shifts beyond midnight, too.
        streams: that it takes; None: all.
        unload_min: from the gate to the gate [min]; weighing and queueing included. Default of our own.
    """

    id: str
    latitude_deg: float
    longitude_deg: float
    opens: str = "00:00"
    closes: str = "24:00"
    streams: tuple[str, ...] | None = None
    unload_min: float = 15.0

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.latitude_deg, self.longitude_deg)

    @property
    def opens_s(self) -> int:
        """[s after midnight]."""
        return clock_s(self.opens, f"tip {self.id}: opens")

    @property
    def closes_s(self) -> int:
        """[s after midnight]."""
        closes_s = clock_s(self.closes, f"tip {self.id}: closes")
        return 2 * DAY_S if self.opens_s == 0 and closes_s == DAY_S else closes_s

    @property
    def unload_s(self) -> int:
        """[s]."""
        return round(60.0 * self.unload_min)


class RoundLorry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A collection lorry with its crew.

    Attributes:
        id: its name; ``device``: what reports from it, its own name where nothing is said.
        depot, end_depot: where it starts and ends; ends where it starts where nothing is said.
        streams: that it takes, all in one body.
        max_kg: payload [kg].
        body_m3, compaction: its room for loose waste is both together. Compactors: 3 to 5; an open body: 1.
        start: of the shift; ``hours``: of it, breaks included; ``overtime_hours``: beyond it at most.
        weight_t, height_m, width_m: of the lorry: streets with lower limits are not driven.
        gbp_day, gbp_km, gbp_h, gbp_overtime_h: if it leaves its depot, of its way, of its crew's work (breaks are not
            paid), and on top of an hour of overtime. Defaults of our own: an authority knows its own.
    """

    id: str
    depot: str
    end_depot: str | None = None
    device: str | None = None
    streams: tuple[str, ...] = ("litter",)
    max_kg: float = 5_000.0
    body_m3: float = 12.0
    compaction: float = 3.0
    start: str = "06:00"
    hours: float = 8.0
    overtime_hours: float = 1.0
    weight_t: float = 18.0
    height_m: float = 3.6
    width_m: float = 2.55
    gbp_day: float = 60.0
    gbp_km: float = 0.9
    gbp_h: float = 45.0
    gbp_overtime_h: float = 22.5

    @property
    def reports_as(self) -> str:
        """Name of the device on it."""
        return self.id if self.device is None else self.device

    @property
    def home(self) -> str:
        """Id of the depot where it ends."""
        return self.depot if self.end_depot is None else self.end_depot

    @property
    def max_l(self) -> float:
        """Loose waste that it holds [l]."""
        return 1000.0 * self.body_m3 * self.compaction

    @property
    def start_s(self) -> int:
        """Start of the shift [s after midnight]."""
        return clock_s(self.start, f"lorry {self.id}: start")

    @property
    def shift_s(self) -> int:
        """Of the shift [s]."""
        return round(3600.0 * self.hours)

    @property
    def overtime_s(self) -> int:
        """Beyond it at most [s]."""
        return round(3600.0 * self.overtime_hours)

    @property
    def profile(self) -> tuple[float, float, float]:
        """Weight [t], height and width [m]: lorries with the same have the same ways."""
        return self.weight_t, self.height_m, self.width_m


class RoundFleet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All lorries of a service, their depots and tips."""

    depot: tuple[DepotEntry, ...]
    tip: tuple[TipEntry, ...]
    lorry: tuple[RoundLorry, ...]
    settings: RoundSettings = RoundSettings()

    def tips_of(self, lorry: RoundLorry) -> tuple[TipEntry, ...]:
        """Return the tips where a lorry can unload all that it takes."""
        return tuple(t for t in self.tip if t.streams is None or set(lorry.streams) <= set(t.streams))

    def depot_at(self, depot_id: str) -> DepotEntry:
        """Return a depot by its id."""
        return next(d for d in self.depot if d.id == depot_id)
