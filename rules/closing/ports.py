"""What closures need of the outside: Protocols with two implementations each; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from cityops.errors import CityopsError
from rules.core.closing.model import Closure, NewClosure, Opening


class ClosureRefusedError(CityopsError):
    """What was said of a road can't be kept, in words for whoever said it."""


class UnusableTextError(ClosureRefusedError):
    """A text or number can't be stored, in words."""


class NoSuchWhatIfError(CityopsError):
    """There is no note of that number."""

    exit_code = 2


class NewWhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What closing roads would do, to be kept.

    Attributes:
        at_s: the town's time [s since 1970].
        by, role, via: who asked, as what, over which way; with a known ``request_id`` nothing is kept again.
        note: why it was asked.
        document: as :mod:`rules.core.closing.document` makes it.
    """

    at_s: float
    by: str
    role: str
    via: str
    note: str
    document: dict[str, Any]
    request_id: str | None = None


class WhatIf(NewWhatIf, frozen=True, kw_only=True):
    """One that is kept, with its number: ``/ops/what-if/<number>`` shows it."""

    what_if_id: int


class Closures(Protocol):
    """Which roads are closed; TransientError where the database does not answer."""

    async def between(self, from_s: float, to_s: float) -> Sequence[Closure]:
        """Return the closures that hold for any stretch at any moment of a time [s since 1970], oldest first."""
        ...


class ClosureBook(Closures, Protocol):
    """Closures that are said and kept."""

    async def close(self, new: NewClosure) -> Closure:
        """Keep a closure.

        Raises:
            ClosureRefusedError: it names a stretch that is not in the network.
        """
        ...

    async def open(self, opening: Opening, closure_id: int | None = None) -> Sequence[Closure]:
        """Open stretches at a time, by whichever closures they are closed then or later; return those closures.

        Args:
            opening: which stretches, and when.
            closure_id: only of this closure: what another one closes stays closed. None: of all.

        Raises:
            ClosureRefusedError: none of the stretches is closed, or one of them is not.
        """
        ...


class WhatIfBook(Protocol):
    """Notes of what closing roads would do."""

    async def keep(self, new: NewWhatIf) -> WhatIf:
        """Keep a note."""
        ...

    async def what_if(self, what_if_id: int) -> WhatIf:
        """Return a note; NoSuchWhatIfError where there is none."""
        ...

    async def newest(self, most: int) -> Sequence[WhatIf]:
        """Return the newest notes, the newest first."""
        ...
