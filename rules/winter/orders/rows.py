"""Rows of the tables as proposals, acts and routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cityops.errors import CityopsError
from rules.core.winter_orders.model import Act, Proposal, Route, Treatment
from rules.core.winter_orders.proposals import proposal_of
from rules.winter.orders.ports import REF_HINT, NoSuchOrderError

Row = Mapping[str, Any]
NUMBER_MOST = 2**63 - 1


def parse_ref(ref: str) -> tuple[str, int]:
    """Return kind (``P`` or ``O``) and number of a proposal or order.

    Raises:
        NoSuchOrderError: it is no such name.
    """
    kind, number = ref[:1].upper(), ref[1:]
    if kind not in ("P", "O") or not (number.isascii() and number.isdecimal()) or int(number) > NUMBER_MOST:
        raise NoSuchOrderError(f"There is no proposal or order {ref!r}: {REF_HINT}.")
    return kind, int(number)


def no_such(ref: str) -> CityopsError:
    """Return the error of a proposal or order that is not there."""
    return NoSuchOrderError(f"There is no proposal or order {ref}: {REF_HINT}.")


def proposal_of_row(row: Row) -> Proposal:
    """Return a decision as a proposal."""
    return proposal_of(**row)


def act_of_row(row: Row) -> Act:
    """Return an act."""
    treatment = row["treatment"]
    stands = None if treatment is None else msgspec.convert(treatment, type=Treatment, strict=False)
    return Act(**{**row, "treatment": stands})


def route_of_row(row: Row) -> Route:
    """Return a route."""
    return Route(route_id=row["route_id"], label=row["label"], segments=tuple(row["segments"]))
