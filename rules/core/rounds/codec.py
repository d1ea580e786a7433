"""A round plan as JSON, and read again."""

from __future__ import annotations

import msgspec

from rules.core.rounds.plan import RoundPlan

_DECODER = msgspec.json.Decoder(RoundPlan)


def to_json(plan: RoundPlan) -> bytes:
    """Return a plan as JSON."""
    return msgspec.json.encode(plan)


def from_json(text: bytes | str) -> RoundPlan:
    """Return a plan that was written by :func:`to_json`.

    Raises:
        ValueError: it is none, in words.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ValueError(f"round plan: {error}") from error
