"""What is wrong with a payload that the fast decoder refused, in words for a person.

Slow and careful: it runs for bad messages only.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from devices.contract.codecs.json import ReadingDecoder
from devices.contract.messages import MAX_SEQ
from ingest.core.reasons import Reason, sentence

# What decoding hostile bytes can raise: bad JSON, bad types, bad UTF-8, deep nesting.
DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)

_WHERE = re.compile(r" - at `\$(?:\[[^\]]*\])*\.?(\w*)[^`]*`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_WHITESPACE = b" \t\r\n"

_raw_list = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Problem:
    """One reading (or whole message) that can't be decoded, and where it says so its key."""

    raw: bytes
    reason: Reason
    sentence: str
    field: str | None = None
    boot: int | None = None
    seq: int | None = None


def is_array(payload: bytes) -> bool:
    """Whether a payload is a JSON array, judged by its first character."""
    return payload.lstrip(_WHITESPACE)[:1] == b"["


def decode_each(payload: bytes, decoder: ReadingDecoder) -> tuple[list[Any], list[Problem]]:
    """Return the readings in ``payload`` that decode, and the problems of the others.

    One bad reading of an array costs only itself; of the bad ones without a number
    (boot and seq) only the first is reported, with the whole message.
    """
    if not is_array(payload):
        parts: list[bytes] = [payload]
    else:
        try:
            parts = [bytes(raw) for raw in _raw_list.decode(payload)]
        except DECODE_ERRORS as e:
            parts = _lenient_parts(payload)
            if not parts:
                return [], [_not_json(payload, e)]
    items, problems = [], []
    for part in parts:
        try:
            items.append(decoder.one.decode(part))
        except DECODE_ERRORS as e:
            problems.append(_explain(part, e, decoder))
    return items, _gather(problems, payload) if is_array(payload) else problems


def explain_error(payload: bytes, error: BaseException) -> Problem:
    """Return the problem of a message other than a reading."""
    loose = _loads(payload)
    if loose is None:
        return _not_json(payload, error)
    reason, text, field = _from_message(str(error))
    boot, seq = _key(loose) if isinstance(loose, dict) else (None, None)
    return Problem(payload, reason, text, field, boot, seq)


def _explain(part: bytes, error: BaseException, decoder: ReadingDecoder) -> Problem:
    loose = _loads(part)
    if loose is None:
        return _not_json(part, error)
    if not isinstance(loose, dict):
        text = sentence(Reason.WRONG_TYPE, field="a reading", value="an object is expected")
        return Problem(part, Reason.WRONG_TYPE, text)
    boot, seq = _key(loose)
    for field in decoder.kind.fields:
        value = loose.get(field.name)
        if isinstance(value, float) and not math.isfinite(value):
            text = sentence(Reason.NOT_FINITE, field=field.name, value=str(value))
            return Problem(part, Reason.NOT_FINITE, text, field.name, boot, seq)
    reason, text, name = _from_message(str(error))
    return Problem(part, reason, text, name, boot, seq)


def _from_message(message: str) -> tuple[Reason, str, str | None]:
    """Return reason, sentence and field from the decoder's own message."""
    if missing := _MISSING.search(message):
        return Reason.MISSING_FIELD, sentence(Reason.MISSING_FIELD, field=missing[1]), missing[1]
    where = _WHERE.search(message)
    field = (where[1] or None) if where else None
    if field is not None and "got `null`" in message:
        return Reason.MISSING_FIELD, sentence(Reason.MISSING_FIELD, field=field), field
    what = _WHERE.sub("", message).replace("`", "")
    what = what[:1].lower() + what[1:]
    if field in {"ts", "at"}:
        return Reason.BAD_TIME, sentence(Reason.BAD_TIME, value=what), field
    return Reason.WRONG_TYPE, sentence(Reason.WRONG_TYPE, field=field or "the message", value=what), field


def _not_json(payload: bytes, error: BaseException) -> Problem:
    if not payload:
        what = "it is empty"
    elif not _is_text(payload):
        what = "it is not text in UTF-8"
    else:
        what = str(error).removeprefix("JSON is malformed: ")
    return Problem(payload, Reason.NOT_JSON, sentence(Reason.NOT_JSON, value=what))


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _loads(payload: bytes) -> Any:
    """Return the JSON value, with NaN and Infinity allowed; None where it is not even that."""
    try:
        return json.loads(payload)
    except DECODE_ERRORS:
        return None


def _lenient_parts(payload: bytes) -> list[bytes]:
    """Return the elements of an array that only NaN or Infinity makes invalid JSON."""
    loose = _loads(payload)
    return [json.dumps(part).encode() for part in loose] if isinstance(loose, list) else []


def _key(loose: dict[str, Any]) -> tuple[int | None, int | None]:
    boot, seq = loose.get("boot"), loose.get("seq")
    if not _is_counter(seq):
        return None, None
    # A device that counts without boots is filed under boot 0, as good readings are.
    boot = 0 if boot is None else boot
    return (boot, seq) if _is_counter(boot) else (None, None)


def _is_counter(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEQ


def _gather(problems: list[Problem], payload: bytes) -> list[Problem]:
    """Keep the numbered problems and one for all the others."""
    numbered = [p for p in problems if p.seq is not None]
    others = [p for p in problems if p.seq is None]
    if not others:
        return numbered
    first, more = others[0], len(others) - 1
    text = first.sentence + (f" {more} more readings of this message are wrong too." if more else "")
    return [*numbered, Problem(payload, first.reason, text, first.field)]
