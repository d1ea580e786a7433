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


@dataclass(frozen=True, slots=True)
class Made:
    """A structure that is written already."""

    data: bytes


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


def struct(fields: Struct) -> bytes:
    """Return a structure.

    Raises:
        TypeError: a value has no place in one.
    """
    parts, before = [], 0
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
        case Mapping() | Made():
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
        case Made(data=data):
            return data
        case Sequence():
            return _listed(value)
    raise TypeError(f"{value!r} has no place in a structure")


def _listed(values: Sequence[object]) -> bytes:
    kind = _kind(values[0]) if values else _STRUCT
    count = len(values)
    head = bytes([count << 4 | kind]) if count < _FEW else bytes([_FEW << 4 | kind]) + varint(count)
    return head + b"".join(map(_value, values))


def _zigzag(number: int) -> int:
    return number << 1 ^ number >> 63
