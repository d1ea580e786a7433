"""Readings of one kind as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from devices.contract.kind import Kind

QUALITY_CLOCK_REPAIRED = 1
QUALITY_CLOCK_SUSPECT = 2

NO_MONO = -1
NO_CLK = -1
NO_BOOT = np.iinfo(np.int64).min
"""Boot of a reading whose device counts nothing, until ``validate`` numbers it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """n readings of a kind; every array has n rows.

    Attributes:
        kind: what they are of.
        device_index: row of the device in the directory.
        device_id: key of the device.
        ts_us: measured time [µs since 1970 UTC].
        boot, seq: the device's counters; boot is ``NO_BOOT`` where it has none.
        mono_ms: time since the device started [ms], ``NO_MONO`` where not sent.
        clk: state of the device's clock (``devices.contract.messages``), ``NO_CLK`` where not sent.
        values: shape (n, fields), in the fields' units, NaN where absent.
        quality: bit flags, 0 good.
        message: index of the message within the batch.
    """

    kind: Kind
    device_index: NDArray[np.int32]
    device_id: NDArray[np.int32]
    ts_us: NDArray[np.int64]
    boot: NDArray[np.int64]
    seq: NDArray[np.int64]
    mono_ms: NDArray[np.int64]
    clk: NDArray[np.int16]
    values: NDArray[np.float64]
    quality: NDArray[np.int16]
    message: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ts_us)

    def take(self, rows: NDArray[Any]) -> Readings:
        """Return the rows that an index or mask selects."""
        return replace(
            self,
            device_index=self.device_index[rows],
            device_id=self.device_id[rows],
            ts_us=self.ts_us[rows],
            boot=self.boot[rows],
            seq=self.seq[rows],
            mono_ms=self.mono_ms[rows],
            clk=self.clk[rows],
            values=self.values[rows],
            quality=self.quality[rows],
            message=self.message[rows],
        )


def concatenate(parts: Sequence[Readings]) -> Readings:
    """Return the readings of all ``parts``, at least one and all of one kind, in order."""
    names = (f.name for f in fields(Readings) if f.name != "kind")
    arrays: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    return replace(parts[0], **arrays)


class Columns:
    """Turns decoded structs of one kind into :class:`Readings`."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._names = [f.name for f in kind.fields]

    def build(
        self,
        items: Sequence[Any],
        device_index: Sequence[int],
        device_id_of: NDArray[np.int32],
        message: Sequence[int],
    ) -> Readings:
        """Return the readings ``items``.

        Args:
            items: decoded structs, at least one.
            device_index: row of each item's device in the directory.
            device_id_of: the directory's ``device_id``.
            message: message of each item.
        """
        n = len(items)
        index = np.fromiter(device_index, np.int32, n)
        # Transposed as a whole: an attribute at a time takes twice as long.
        columns = dict(zip(items[0].__struct_fields__, zip(*map(astuple, items), strict=True), strict=True))
        values = np.empty((n, len(self._names)))
        for place, name in enumerate(self._names):
            values[:, place] = np.fromiter(columns[name], np.float64, n)  # None becomes NaN
        boot, seq = _counters(columns["boot"], columns["seq"])
        return Readings(
            kind=self._kind,
            device_index=index,
            device_id=device_id_of[index],
            ts_us=_times(columns["ts"]),
            boot=boot,
            seq=seq,
            mono_ms=_optional(columns["mono_ms"], NO_MONO, np.int64),
            clk=_optional(columns["clk"], NO_CLK, np.int16),
            values=values,
            quality=np.zeros(n, dtype=np.int16),
            message=np.fromiter(message, np.int32, n),
        )


def time_us(ts: datetime | int) -> int:
    """Return a message's ``ts`` in µs since 1970 UTC."""
    return ts * 1000 if isinstance(ts, int) else (ts - _EPOCH) // _MICROSECOND


def _times(ts: Sequence[Any]) -> NDArray[np.int64]:
    try:
        return np.fromiter(ts, np.int64, len(ts)) * 1000
    except TypeError:  # some are text in the message, hence datetimes here
        return np.array([time_us(t) for t in ts], dtype=np.int64)


def _counters(
    boot: Sequence[int | None], seq: Sequence[int | None]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    try:
        return np.fromiter(boot, np.int64, len(boot)), np.fromiter(seq, np.int64, len(seq))
    except TypeError:  # some devices count nothing
        both = np.array([_pair(*pair) for pair in zip(boot, seq, strict=True)], dtype=np.int64)
    return both[:, 0].copy(), both[:, 1].copy()


def _pair(boot: int | None, seq: int | None) -> tuple[int, int]:
    if seq is None:
        return NO_BOOT, 0
    return (0 if boot is None else boot), seq


def _optional(values: Sequence[int | None], absent: int, dtype: Any) -> NDArray[Any]:
    try:
        return np.fromiter(values, dtype, len(values))
    except TypeError:  # some send it not
        return np.array([absent if v is None else v for v in values], dtype=dtype)
