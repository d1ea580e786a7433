"""SenML in JSON: ``application/senml+json`` (RFC 8428, section 5)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from devices.contract.senml.labels import Plain, SenmlError

MEDIA_TYPE = "application/senml+json"
_FOR_URLS = re.compile(r"[A-Za-z0-9_-]*={0,2}\Z")  # the other alphabet's + and / are taken for it by Python


def read_json(body: bytes) -> list[Plain]:
    """Return the records of a pack.

    Raises:
        SenmlError: it is no list of objects, in JSON.
    """
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise SenmlError(f"the pack is no JSON: {e}") from e
    records = as_records(found)
    for place, record in enumerate(records, start=1):
        if isinstance(record.get("vd"), str):
            record["vd"] = _bytes(record["vd"], place)
    return list(records)


def as_records(found: object) -> list[dict[str, Any]]:
    """Return a list of objects as such.

    Raises:
        SenmlError: it is something else.
    """
    if not isinstance(found, list) or not found:
        raise SenmlError("the pack is no list of records")
    for place, record in enumerate(found, start=1):
        if not isinstance(record, dict):
            raise SenmlError(f"record {place}: it is no object")
    return found


def write_json(pack: Sequence[Plain]) -> bytes:
    """Return a pack as JSON."""
    return msgspec.json.encode(
        [
            {label: _text(value) if isinstance(value, bytes) else value for label, value in record.items()}
            for record in pack
        ]
    )


def _bytes(text: str, place: int) -> bytes:
    try:
        if not _FOR_URLS.match(text):
            raise ValueError
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise SenmlError(f"record {place}: vd is no base64 with the alphabet for URLs") from None


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
