"""What the book of collection acts offers to pages, REST, crews' pages and the command line.

A protocol with two implementations; one suite of tests runs on both.
"""

from __future__ import annotations

from typing import Protocol

from cityops.errors import CityopsError
from rules.core.collection_acts.open_reports import OpenReport
from rules.core.collection_acts.record import Act, NewAct, What


class RefusedActError(CityopsError):
    """An act that can't be written: what it is about is not there, or it contradicts itself; in words."""

    exit_code = 2


class RequestUsedError(RefusedActError):
    """Its request id was used for something else."""


class UnusableTextError(RefusedActError):
    """A text of an act is one that no column can hold."""


class CollectionActs(Protocol):
    """The book; every method raises TransientError where the database does not answer."""

    async def append(self, new: NewAct) -> Act:
        """Write an act down, and the batch that brings it to the engine where it is of a bin, in one transaction.

        With a request id that is known the act of then is returned, and nothing written.

        Raises:
            RefusedActError: there is no such bin, no such act to withdraw, or the act is wrong in itself.
            RequestUsedError: its request id was used for something else.
            UnusableTextError: no column can hold a value of it.
        """
        ...

    async def by_reference(self, reference: str) -> Act | None:
        """Return the act with a reference, as :func:`rules.core.collection_acts.record.reference_typed` gives it."""
        ...

    async def of_ref(self, ref: str, from_s: float, to_s: float) -> tuple[Act, ...]:
        """Return what was said of a bin or household from ``from_s`` to before ``to_s``, in order; nothing withdrawn."""
        ...

    async def of_lorries(self, from_s: float, to_s: float) -> tuple[Act, ...]:
        """Return what crews said of bins and households on their rounds (collected, blocked, contaminated, not out) from
        ``from_s`` to before ``to_s``, in order; nothing withdrawn.
        """
        ...

    async def open_missed(self, since_s: float) -> tuple[OpenReport, ...]:
        """Return the missed collections since a time that still wait for somebody, the oldest first."""
        ...

    async def newest(self, what: What, limit: int) -> tuple[Act, ...]:
        """Return the newest acts of one kind, the newest first."""
        ...

    async def chain(self) -> tuple[Act, ...]:
        """Return every act there is, in order."""
        ...
