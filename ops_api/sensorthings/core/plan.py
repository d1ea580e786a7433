"""How observations are looked for: by datastream, in order of their ids, or by windows of time.

None has a relation to be read from end to end: each plan stops when its page is full (measured on 2.1 million readings in
columnar chunks: a page of 1,000 in order of ids takes 4-8 ms from anywhere).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops_api.sensorthings.core.ast import Order, Path
from ops_api.sensorthings.core.bounds import Bounds
from ops_api.sensorthings.core.errors import FilterError

STREAMS_MOST = 50
"""Datastreams that are read one after the other."""
WINDOWS_MOST = 12
COLUMNAR_DEVICES = 2_000
"""Devices whose columnar batches one window may unpack."""
_S_US = 1_000_000
_IDS = (("id",), ("@iot.id",))


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfFleet:
    """Devices of one kind: how many, how many datastreams they have, how often each measures."""

    devices: int
    datastreams: int
    cadence_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What there is to be read.

    Attributes:
        kinds: by name.
        first_us, last_us: times of the oldest and the newest observation; None: there is none.
        columnar_us: time before which readings lie in columnar chunks; None: nowhere.
    """

    kinds: dict[str, KindOfFleet]
    first_us: int | None = None
    last_us: int | None = None
    columnar_us: int | None = None

    @property
    def per_s(self) -> float:
        """Observations a second that come in."""
        return sum(kind.datastreams / kind.cadence_s for kind in self.kinds.values())

    @property
    def devices(self) -> int:
        """All devices."""
        return sum(kind.devices for kind in self.kinds.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """There can be none: no query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByDatastream:
    """A few datastreams, each by its index.

    Attributes:
        datastream_ids: them; None: all of ``thing_ids``.
        thing_ids: things whose they are; None: any.
        by_time: whether their observations are put in order of time together; else one datastream after the other.
        descending: newest first, or highest id first.
        sorted: whether another order than these is wanted, so that all within the bounds are read; its cost is
            estimated like that of :class:`Sorted`.
    """

    datastream_ids: tuple[int, ...] | None
    thing_ids: tuple[int, ...] | None
    by_time: bool
    descending: bool
    sorted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ByIdOrder:
    """All datastreams in order of their ids, each from its own index, until the page is full."""

    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTime:
    """All datastreams by windows of time that grow until the page is full.

    Attributes:
        descending: newest first.
        windows: half-open spans [µs] in the order in which they are read; they leave nothing out.
    """

    descending: bool
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """All within the bounds, put in order: as dear as they are many, and refused by its cost where that is too much."""


Plan = Nothing | ByDatastream | ByIdOrder | ByTime | Sorted


def choose(orders: Sequence[Order], bounds: Bounds, fleet: Fleet, wanted: int) -> Plan:
    """Return how a page of observations is found.

    Args:
        orders: keys of ``$orderby``.
        bounds: of the address and the filter together.
        fleet: what there is.
        wanted: observations of the page, one more included, by which it is seen whether there is a next.

    Raises:
        FilterError: by time over more columnar batches than can be unpacked at once.
    """
    if bounds.empty:
        return Nothing()
    key = _key(orders)
    descending = bool(orders) and orders[0].descending
    few = bounds.datastream_ids is not None and len(bounds.datastream_ids) <= STREAMS_MOST
    few = few or (bounds.thing_ids is not None and len(bounds.thing_ids) <= STREAMS_MOST)
    if few:
        return ByDatastream(
            datastream_ids=bounds.datastream_ids,
            thing_ids=bounds.thing_ids,
            by_time=key == "time",
            descending=descending and key != "other",
            sorted=key == "other",
        )
    if key == "id":
        return ByIdOrder(descending=descending)
    return _by_time(bounds, fleet, wanted, descending) if key == "time" else Sorted()


def _key(orders: Sequence[Order]) -> str:
    """Return what orders first: ``id`` (also where nothing does), ``time`` or ``other``.

    Behind a time may stand what will: windows cut between times only, and each is put in order by all keys.
    """
    if not orders or _names(orders[0]) in _IDS:
        return "id"
    return "time" if _names(orders[0]) == ("phenomenonTime",) else "other"


def _names(order: Order) -> tuple[str, ...]:
    return order.by.names if isinstance(order.by, Path) else ()


def _by_time(bounds: Bounds, fleet: Fleet, wanted: int, descending: bool) -> Plan:
    span = _span(bounds, fleet)
    if span is None:
        return Nothing()
    spans = tuple(windows(*span, fleet.per_s, wanted, descending))
    columnar = fleet.columnar_us is not None and spans[0][0] < fleet.columnar_us
    if columnar and fleet.devices > COLUMNAR_DEVICES:
        raise FilterError(
            f"by time over all of {fleet.devices} devices in the past: name a datastream, or leave $orderby out",
            0,
            "$orderby",
        )
    return ByTime(descending=descending, windows=spans)


def _span(bounds: Bounds, fleet: Fleet) -> tuple[int, int] | None:
    if fleet.first_us is None or fleet.last_us is None:
        return None
    since = fleet.first_us if bounds.since_us is None else max(bounds.since_us, fleet.first_us)
    until = fleet.last_us + 1 if bounds.until_us is None else min(bounds.until_us, fleet.last_us + 1)
    return (since, until) if since < until else None


def windows(
    since_us: int, until_us: int, per_s: float, wanted: int, descending: bool
) -> Iterator[tuple[int, int]]:
    """Yield spans that make up a whole: the first wide enough for twice as many as wanted, each twice the one before.

    The last of at most :data:`WINDOWS_MOST` takes what is left. Half-open [µs].
    """
    width = max(_S_US, round(2 * wanted / per_s * _S_US)) if per_s > 0 else until_us - since_us
    left = until_us - since_us
    done = 0
    for number in range(1, WINDOWS_MOST + 1):
        wide = left - done if number == WINDOWS_MOST else min(width, left - done)
        if descending:
            yield until_us - done - wide, until_us - done
        else:
            yield since_us + done, since_us + done + wide
        done += wide
        width *= 2
        if done >= left:
            return
