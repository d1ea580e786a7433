"""What the frog's own record holds."""

from __future__ import annotations

from dataclasses import dataclass

Key = tuple[int, int]
"""(boot, seq) of an entry of the outbox."""

SLOT_S = 300
"""One sample is kept of each five minutes."""
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured at one time.

    Attributes:
        at_s: when [s since 1970 UTC], by the frog's clock.
        boot: in which start of the frog.
        temperature_c, humidity_pct: of the air.
        wall_c: of the wall where there is a probe [°C].
    """

    at_s: int
    boot: int
    temperature_c: float
    humidity_pct: float
    wall_c: float | None = None

    def moved(self, seconds: int) -> Sample:
        """Return the sample as measured ``seconds`` later."""
        return Sample(self.at_s + seconds, self.boot, self.temperature_c, self.humidity_pct, self.wall_c)


@dataclass(frozen=True, slots=True)
class Hour:
    """The means of an hour that began at ``at_s``; ``vapour_pa`` is the mean vapour pressure [Pa].

    Humidity must not be averaged and vapour pressure taken from that: both are kept.
    """

    at_s: int
    samples: int
    temperature_c: float
    temperature_min_c: float
    temperature_max_c: float
    humidity_pct: float
    humidity_min_pct: float
    humidity_max_pct: float
    vapour_pa: float
    wall_c: float | None
    wall_min_c: float | None


@dataclass(frozen=True, slots=True)
class Note:
    """A diary entry as it went into the outbox; (boot, seq) is its key there.

    ``source`` is ``button`` or ``page``.
    """

    boot: int
    seq: int
    at_s: int
    activity: str
    source: str
