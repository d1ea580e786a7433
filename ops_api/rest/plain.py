"""Rows of the database as a document of JSON, with no object made of each on the way but the one that is written.

A model of pydantic for each row was two thirds of a plain read's time. What a row has is held to what the API's document
declares where the names are chosen: the model's; a test compares every value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import starmap
from operator import itemgetter
from typing import Any

import msgspec
from fastapi.responses import Response

_write = msgspec.json.Encoder().encode


def objects(
    columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], names: Sequence[str] | None = None
) -> list[Any]:
    """Return what is written as an object for each row: the columns ``names`` in that order; without it all.

    Of columns with the same name the last one counts, as in a dictionary.

    Raises:
        KeyError: there is no such column.
    """
    struct, pick = _shape(columns, None if names is None else tuple(names))
    return list(starmap(struct, rows if pick is None else map(pick, rows)))


def answer(document: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return it as an answer. Times are RFC 3339, in UTC with Z; what is no number is null."""
    return Response(_write(document), media_type="application/json", headers=dict(headers or {}))


@cache
def _shape(
    columns: tuple[str, ...], names: tuple[str, ...] | None
) -> tuple[type[msgspec.Struct], Callable[[tuple[Any, ...]], tuple[Any, ...]] | None]:
    """Return what a row becomes, and what picks its values; None: as they are."""
    place = {name: at for at, name in enumerate(columns)}
    wanted = tuple(place) if names is None else names
    places = [place[name] for name in wanted]
    struct = msgspec.defstruct("Row", wanted, gc=False)
    if places == list(range(len(columns))):
        return struct, None
    if len(places) == 1:
        return struct, lambda row: (row[places[0]],)
    return struct, itemgetter(*places)
