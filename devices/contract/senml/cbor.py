"""SenML in CBOR: ``application/senml+cbor`` (RFC 8428, section 6). Needs ``cbor2``, which a Pi has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from types import MappingProxyType
from typing import Any

import cbor2

from devices.contract.senml.json import as_records
from devices.contract.senml.labels import CBOR_LABELS, Plain, SenmlError

MEDIA_TYPE = "application/senml+cbor"
_LABELS = MappingProxyType({number: label for label, number in CBOR_LABELS.items()})


def read_cbor(body: bytes) -> list[Plain]:
    """Return the records of a pack, by JSON labels.

    Raises:
        SenmlError: it is no array of maps, in CBOR, or has keys of another kind.
    """
    try:
        decoder = cbor2.CBORDecoder(BytesIO(body), max_depth=8, allow_duplicate_keys=False)
        found = decoder.decode()
        more = _more(decoder)
    except Exception as e:  # the library's errors, and those of numbers, dates and texts inside
        raise SenmlError(f"the pack is no CBOR: {type(e).__name__} {str(e)[:100]}") from e
    if more:
        raise SenmlError("after the pack there is more")
    return [_named(record, place) for place, record in enumerate(as_records(found), start=1)]


def _more(decoder: cbor2.CBORDecoder) -> bool:
    try:
        decoder.decode()
    except cbor2.CBORDecodeEOF:
        return False
    return True


def _named(record: Mapping[Any, object], place: int) -> Plain:
    out: dict[str, object] = {}
    for key, value in record.items():
        if isinstance(key, int) and not isinstance(key, bool) and key not in _LABELS:
            continue  # of an extension that we do not know; none that must be understood is a number (section 4.4)
        label = _LABELS.get(key) if isinstance(key, int) and not isinstance(key, bool) else key
        if not isinstance(label, str):
            raise SenmlError(f"record {place}: {str(key)[:20]} is no label of RFC 8428")
        if label in CBOR_LABELS and isinstance(key, str):
            raise SenmlError(
                f"record {place}: {label} is written as a text; in CBOR it is {CBOR_LABELS[label]}"
            )
        out[label] = _plain(value)
    return out


def _plain(value: object) -> object:
    """Decimal fractions (tag 4) are numbers too."""
    if not isinstance(value, Decimal):
        return value
    try:
        return float(value)
    except (OverflowError, ValueError):
        return float("inf")


def write_cbor(pack: Sequence[Plain]) -> bytes:
    """Return a pack as CBOR: numbers as short as they can be without loss."""
    return cbor2.dumps(
        [{CBOR_LABELS.get(label, label): _short(value) for label, value in record.items()} for record in pack]
    )


def _short(value: object) -> object:
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole and isinstance(value, float) else value
