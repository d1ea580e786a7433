"""The fields of a SenML record: labels, their numbers in CBOR, their types (RFC 8428, section 4.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

VERSION = 10
"""Of RFC 8428; a pack of a larger one may mean something else and is not used (section 4.4)."""

CBOR_LABELS: Mapping[str, int] = MappingProxyType({
    "bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6,
    "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "s": 5, "t": 6, "ut": 7, "vd": 8,
})  # fmt: skip
NUMBERS = frozenset({"bt", "bv", "bs", "v", "s", "t", "ut"})
TEXTS = frozenset({"bn", "bu", "n", "u", "vs"})
VALUES = ("v", "vs", "vb", "vd")

Plain: TypeAlias = Mapping[str, object]
"""A record by its JSON labels; what a pack does not name is not there. ``vd`` as bytes."""


class SenmlError(ValueError):
    """A pack that can't be used: the sentence names record (from 1) and field."""


def checked(record: Plain, place: int) -> dict[str, object]:
    """Return the record's fields that are known, each of its type.

    Raises:
        SenmlError: a field is of another type, or must be understood and is not (section 4.4: it ends in ``_``).
    """
    out: dict[str, object] = {}
    for label, value in record.items():
        if label not in CBOR_LABELS:
            if label.endswith("_"):
                raise SenmlError(f"record {place}: {label[:40]} is not known here and must be understood")
            continue
        out[label] = _typed(label, value, place)
    return out


def _typed(label: str, value: object, place: int) -> object:
    if label in NUMBERS:
        return number(value, label, place)
    if label in TEXTS:
        if not isinstance(value, str):
            raise SenmlError(f"record {place}: {label} is {_named(value)}; wanted is a text")
    elif label == "vb":
        if not isinstance(value, bool):
            raise SenmlError(f"record {place}: vb is {_named(value)}; wanted is true or false")
    elif label == "vd":
        if not isinstance(value, bytes):
            raise SenmlError(f"record {place}: vd is {_named(value)}; wanted are bytes")
    elif isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= VERSION:
        raise SenmlError(f"record {place}: bver is {str(value)[:20]}; versions 1 to {VERSION} are read")
    return value


def number(value: object, label: str, place: int) -> float:
    """Return a number as a double.

    Raises:
        SenmlError: it is none, or none that a double can hold.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SenmlError(f"record {place}: {label} is {_named(value)}; wanted is a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise SenmlError(f"record {place}: {label} is no finite number")
    return found


def _named(value: object) -> str:
    names = {
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
        bytes: "bytes",
        list: "a list",
    }
    return "null" if value is None else names.get(type(value), "no plain value")
