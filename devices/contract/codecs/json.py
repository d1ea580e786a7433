"""JSON decoder of a kind's readings, derived from its declaration.

The struct of a kind has the envelope (``ts, boot, seq, device, mono_ms, clk``) and then
the kind's fields in declaration order; absent optional fields are None. Types are
checked here, ranges and sentinels in ``ingest.core.validate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from devices.contract.kind import Kind
from devices.contract.messages import ClockState, Milliseconds, Seq, Timestamp

ENVELOPE_FIELDS = ("ts", "boot", "seq", "device", "mono_ms", "clk")


@dataclass(frozen=True, slots=True)
class ReadingDecoder:
    """Decoders of one kind: a whole message, one reading, and an array kept raw."""

    kind: Kind
    struct: type[Any]
    message: msgspec.json.Decoder[Any]
    one: msgspec.json.Decoder[Any]


@lru_cache(maxsize=64)
def _struct(name: str, fields: tuple[tuple[str, bool], ...]) -> type[Any]:
    envelope: list[Any] = [("ts", Timestamp)]
    required = [(n, float) for n, is_required in fields if is_required]
    optional: list[Any] = [
        ("boot", Seq | None, None),
        ("seq", Seq | None, None),
        ("device", str | None, None),
        ("mono_ms", Milliseconds | None, None),
        ("clk", ClockState | None, None),
        *((n, float | None, None) for n, is_required in fields if not is_required),
    ]
    return msgspec.defstruct(
        f"{name.title()}Reading", [*envelope, *required, *optional], kw_only=True, gc=False
    )


def reading_decoder(kind: Kind) -> ReadingDecoder:
    """Return the decoders of ``kind``."""
    struct = _struct(kind.name, tuple((f.name, f.required) for f in kind.fields))
    return ReadingDecoder(
        kind=kind,
        struct=struct,
        message=msgspec.json.Decoder(struct | list[struct]),  # type: ignore[valid-type]
        one=msgspec.json.Decoder(struct),
    )


def encode_reading(ts_ms: int, boot: int, seq: int, fields: Mapping[str, float]) -> bytes:
    """Return one reading as JSON.

    Args:
        ts_ms: measured time [ms since 1970 UTC].
        boot: the device's boot number.
        seq: sequence within the boot.
        fields: values by field name, in the field's unit.
    """
    return msgspec.json.encode({"ts": ts_ms, "boot": boot, "seq": seq, **fields})
