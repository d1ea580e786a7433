"""What the ledger needs of the outside: Protocols with two implementations each; one suite runs on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

import msgspec

from rules.bin_ledger.settings import Compared
from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_ledger.values import Bin, Complaint, Driven, Emptied, SensorWork, Trace

What = Literal["schedule", "tariffs"]


class LedgerSource(Protocol):
    """What a statement is made from; every method raises TransientError where the database does not answer.

    Times are seconds since 1970, from the first to before the second.
    """

    async def bins(self) -> tuple[Bin, ...]:
        """Return all bins that are installed, by id."""
        ...

    async def traces(self, from_s: float, to_s: float, emptyings: Sequence[Emptied]) -> tuple[Trace, ...]:
        """Return filtered fills of the bins that told any; filters begin anew at emptyings."""
        ...

    async def emptyings(self, from_s: float, to_s: float) -> tuple[Emptied, ...]:
        """Return what was detected, by time."""
        ...

    async def rounds(self, first: date, last: date) -> tuple[Driven, ...] | None:
        """Return the rounds of service days, both included; None = none are kept."""
        ...

    async def complaints(self, from_s: float, to_s: float) -> tuple[Complaint, ...] | None:
        """Return what people said of bins; None = that is not kept."""
        ...

    async def work(self, from_s: float, to_s: float) -> tuple[SensorWork, ...]:
        """Return work orders of bins' sensors that were open then or closed then."""
        ...


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """That something was set: when [s since 1970], by whom and why."""

    what: What
    made_s: float
    made_by: str
    why: str


class LedgerSettings(Protocol):
    """What the ledger is compared with and reckoned by: appended only, the newest counts. TransientError as above."""

    async def compared(self) -> Compared | None:
        """Return the fixed schedule; None = nobody has set one."""
        ...

    async def tariffs(self) -> Tariffs:
        """Return prices and factors; the shipped ones where nobody has set any."""
        ...

    async def put(self, value: Compared | Tariffs, *, by: str, why: str) -> None:
        """Append one."""
        ...

    async def log(self) -> Sequence[Setting]:
        """Return who set what when and why, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Month:
    """A month: its first and last day, and its begin and end [s since 1970]."""

    first: date
    last: date
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class NewStatement:
    """A statement to be kept: of the month that begins on a day, digest of its inputs, hash, answer, itself as JSON, and the document."""

    month: date
    digest: str
    sha256: str
    answer: str
    statement: str
    document: bytes


class StatementBook(Protocol):
    """Statements that the service makes itself. TransientError as above."""

    async def due(self, months: Sequence[Month]) -> list[date]:
        """Return the months of which none is kept and one is due, oldest first: bins were measured in them."""
        ...

    async def counted_s(self) -> float | None:
        """Return up to which event time readings have counted [s since 1970]; None before the rules first ran."""
        ...

    async def kept(self, month: date) -> bytes | None:
        """Return the document that is kept of a month."""
        ...

    async def months(self) -> Sequence[tuple[date, str]]:
        """Return the months of which one is kept, newest first, with its answer."""
        ...

    async def put(self, new: NewStatement) -> bool:
        """Keep a statement; False where one of its month is kept already, which stays."""
        ...
