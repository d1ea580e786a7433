"""Structures in Thrift's compact protocol, as far as Parquet's headers need it. Pure.

Source: Apache Thrift, ``doc/specs/thrift-compact-protocol.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_I32, _I64, _BYTE, _BINARY, _LIST, _STRUCT = 5, 6, 3, 8, 9, 12
_TRUE, _FALSE = 1, 2
_STOP = b"\0"
_FEW, _NEAR = 15, 15
"""Elements that a list's first byte can count; steps between fields that a field's first byte can say."""


@dataclass(frozen=True, slots=True)
class I64:
    """A number of 64 bits; an ``int`` alone is one of 32."""

    value: int


@dataclass(frozen=True, slots=True)
class Byte:
    """A number of 8 bits."""

    value: int


Struct = Mapping[int, object]
"""Fields by their number, in rising order: an ``int``, :class:`I64`, :class:`Byte`, ``bool``, ``bytes``, a list, a structure."""


def varint(number: int) -> bytes:
    """Return a number that is not negative in groups of seven bits, the lowest first (ULEB128)."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def struct(fields: Struct, before: int = 0) -> bytes:
    """Return a structure, or the end of one whose last field so far was ``before``.

    Raises:
        TypeError: a value has no place in one.
    """
    parts = []
    for number, value in fields.items():
        kind = (_TRUE if value else _FALSE) if isinstance(value, bool) else _kind(value)
        step = number - before
        parts.append(
            bytes([step << 4 | kind]) if 0 < step <= _NEAR else bytes([kind]) + varint(_zigzag(number))
        )
        if not isinstance(value, bool):
            parts.append(_value(value))
        before = number
    return b"".join(parts) + _STOP


def _kind(value: object) -> int:
    match value:
        case int():
            return _I32
        case I64():
            return _I64
        case Byte():
            return _BYTE
        case bytes():
            return _BINARY
        case Mapping():
            return _STRUCT
        case Sequence():
            return _LIST
    raise TypeError(f"{value!r} has no place in a structure")


def _value(value: object) -> bytes:
    match value:
        case int():
            return varint(_zigzag(value))
        case I64(value=number):
            return varint(_zigzag(number))
        case Byte(value=number):
            return number.to_bytes(1, signed=True)
        case bytes():
            return varint(len(value)) + value
        case Mapping():
            return struct(value)
        case Sequence():
            return _listed(value)
    raise TypeError(f"{value!r} has no place in a structure")


def begun(fields: Struct, number: int, count: int) -> bytes:
    """Return the beginning of a structure, up to and with the head of its field ``number``: a list of ``count`` structures."""
    step = number - max(fields, default=0)
    return struct(fields)[: -len(_STOP)] + bytes([step << 4 | _LIST]) + _head(_STRUCT, count)


def _listed(values: Sequence[object]) -> bytes:
    kind = _kind(values[0]) if values else _STRUCT
    return _head(kind, len(values)) + b"".join(map(_value, values))


def _head(kind: int, count: int) -> bytes:
    return bytes([count << 4 | kind]) if count < _FEW else bytes([_FEW << 4 | kind]) + varint(count)


def _zigzag(number: int) -> int:
    return number << 1 ^ number >> 63
