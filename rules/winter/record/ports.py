"""What the record of a night is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NightRows:
    """Rows of a night as the tables hold them, times in s since 1970.

    Attributes:
        decisions: on routes: ``route_id``, ``at_s``, ``outcome``, ``reason``, ``inputs``, ``result`` and more.
        alarms: of the rules ``winter.*``, with ``log``.
        treated: passes of gritters.
        catalogues: copies that decided, with ``files``.
        forecasts: by table; empty where the installation has none.
        readings: lines of CSV by device, the first the header.
    """

    decisions: Sequence[Row]
    alarms: Sequence[Row]
    treated: Sequence[Row]
    catalogues: Sequence[Row]
    forecasts: Mapping[str, Sequence[Row]]
    readings: Mapping[str, Sequence[str]]


class NightSource(Protocol):
    """Where it is read; TransientError where the database does not answer."""

    async def rows(self, from_s: float, to_s: float) -> NightRows:
        """Return the rows of a night."""
        ...
