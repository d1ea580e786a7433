"""What a statement is made from. Everything that a figure depends on is in :class:`Inputs`, and its digest covers all of it."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.core.bin_ledger.tariffs import Tariffs

Floats = NDArray[np.float64]
Source = Literal["track", "plan"]

DAY_S = 86_400.0
HOUR_S = 3600.0


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """A bin: its capacity [L], and whether a sensor measures it."""

    bin_id: str
    label: str
    stream: str = "litter"
    capacity_l: float = 240.0
    device: str = ""


class Trace(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Filtered fills of a bin.

    Attributes:
        bin_id: of which.
        t_s: times, rising [s since 1970].
        fill_pct: the filtered fill then, 0..100 [% of the usable height].
        sd_pct: standard deviation of one fill [points].
    """

    bin_id: str
    t_s: Floats
    fill_pct: Floats
    sd_pct: float = 1.0


class Emptied(msgspec.Struct, frozen=True, kw_only=True):
    """An emptying that was detected: when, the fill before and after [%], how sure (0..1), and by what."""

    bin_id: str
    t_s: float
    before_pct: float
    after_pct: float
    confidence: float = 1.0
    evidence: tuple[str, ...] = ("drop",)


class Driven(msgspec.Struct, frozen=True, kw_only=True):
    """A round that was driven on a service day.

    Attributes:
        day: the service day.
        lorry: which.
        km: driven; hours: from the yard to the yard, None = not known.
        source: ``track``: measured by the lorry; ``plan``: as planned.
        bins: where it stopped, as far as that is known.
        stops: how many stops; at least ``len(bins)``.
        kg: tipped; None = not weighed.
    """

    day: date
    lorry: str
    km: float
    hours: float | None = None
    source: Source = "plan"
    bins: tuple[str, ...] = ()
    stops: int = 0
    kg: float | None = None


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of a bin, and when [s since 1970]."""

    t_s: float
    what: str
    bin_id: str = ""


class SensorWork(msgspec.Struct, frozen=True, kw_only=True):
    """A work order of a sensor.

    Attributes:
        ref: its number.
        bin_id: of which bin.
        opened_s, closed_s: [s since 1970]; None = still open.
        done: whether somebody went there; one that went away by itself costs nothing.
        what: in words.
        cost_gbp: None = by the tariff.
    """

    ref: str
    bin_id: str
    opened_s: float
    closed_s: float | None = None
    done: bool = False
    what: str = ""
    cost_gbp: float | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would have been driven without sensors: some bins on fixed days.

    Attributes:
        name: of the round.
        bins: in the order of driving; empty = every bin that no other plan names.
        weekdays: 0 = Monday … 6 = Sunday; empty = by ``every_days``.
        every_days: so many days apart, counted from ``first_day``.
        first_day: a day on which it is driven; None = 1970-01-01.
        from_h, until_h: between which hours of the town's clock the bins are emptied.
        not_on: days on which nobody drives.
        km, hours: of one such day, as the planner makes them; None = not planned: an estimate is used and said.
        lorries: that drive it on such a day.
    """

    name: str
    bins: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    every_days: int = 0
    first_day: date | None = None
    from_h: float = 7.0
    until_h: float = 13.0
    not_on: tuple[date, ...] = ()
    km: float | None = None
    hours: float | None = None
    lorries: int = 1


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed schedule that is compared with: its rounds, and where it is from (a contract, last year's rota)."""

    plans: tuple[Plan, ...]
    source: str


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Complaints of a time before the sensors: how many in how many days, and where that is from."""

    complaints: int
    days: int
    source: str


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """How it is reckoned.

    Attributes:
        overflow_pct: a bin overflows from this fill on [%].
        full_pct: it is at the end of its scale from this fill on [%]: the sensor sees no more.
        wasted_pct: an emptying below this fill is wasted [%].
        day_min: so many minutes make a bin-day an overflow day.
        gap_s: readings further apart leave the time between unknown [s].
        known_share: a bin-day is known when so much of it is.
        judged_share: a bin is judged when so many of its days are known.
        end_s, end_n: readings by which the level at a cycle's end is told: within so long, at most so many.
        fall_pct: a level that falls so far without an emptying is told as such [points].
        density_kg_l: of what is in a bin by stream, where nobody weighs.
        service_s: of one stop, where hours are estimated [s].
        draws: of the bootstrap.
        block_days: days that are drawn together.
        imputations: times that what was not seen is thrown in anew.
        censored_sd: how much more or less than usual is thrown in at a full bin, one standard deviation.
        version: of the method.
    """

    overflow_pct: float = 95.0
    full_pct: float = 99.0
    wasted_pct: float = 50.0
    day_min: float = 30.0
    gap_s: float = 14_400.0
    known_share: float = 0.75
    judged_share: float = 0.5
    end_s: float = 14_400.0
    end_n: int = 8
    fall_pct: float = 25.0
    density_kg_l: dict[str, float] = msgspec.field(default_factory=lambda: {"litter": 0.07})
    service_s: float = 60.0
    draws: int = 2000
    block_days: int = 7
    imputations: int = 12
    censored_sd: float = 0.25
    version: str = "1"


class Inputs(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All that a statement is made from.

    Attributes:
        town, zone: whose, and the name of its time zone.
        first, last: the days that are judged, both included.
        bins: all, with and without a sensor.
        traces: of the bins that were measured; they may begin before ``first``.
        emptyings: of the same time.
        rounds: None = none are kept.
        complaints: None = none are kept.
        work: of the sensors.
        schedule, tariffs, method: how it is compared and reckoned.
        baseline: of complaints.
        notes: what the reader of the inputs must know, in sentences.
    """

    town: str
    zone: str
    first: date
    last: date
    bins: tuple[Bin, ...]
    traces: tuple[Trace, ...]
    emptyings: tuple[Emptied, ...]
    rounds: tuple[Driven, ...] | None
    complaints: tuple[Complaint, ...] | None
    work: tuple[SensorWork, ...]
    schedule: Schedule
    tariffs: Tariffs
    method: Method = Method()
    baseline: Baseline | None = None
    notes: tuple[str, ...] = ()
