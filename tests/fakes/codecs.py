"""Codecs of ours, and calls of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ingest.sandbox.ports import Call, Codec
from ingest.sandbox.ts013 import Payload, uplink_call

HERE = Path(__file__).parents[1] / "fixtures" / "codecs"
HEARD = datetime(2026, 1, 9, 5, 10, tzinfo=UTC)


def codec(name: str) -> Codec:
    return Codec((HERE / f"{name}.js").read_text(encoding="utf-8"))


def body(text: str) -> Codec:
    """A codec whose decodeUplink has this body."""
    return Codec(f"function decodeUplink(input) {{ {text} }}")


def payload(data: bytes | str, f_port: int = 85, **variables: str) -> Payload:
    return Payload(bytes.fromhex(data) if isinstance(data, str) else data, f_port, HEARD, variables)


def call(data: bytes | str = b"\x01", f_port: int = 85) -> Call:
    return uplink_call(payload(data, f_port))
