"""Calls to and answers from the guard (guard.js) as JSON. Pure."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from ingest.sandbox.limits import Limits
from ingest.sandbox.ports import Answer, Call, Code, Codec, Problem

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def refusal(codec: Codec, limits: Limits) -> Problem | None:
    """Return why a source is not even tried."""
    try:
        size = len(codec.source.encode())
    except UnicodeEncodeError:
        return Problem("not_loaded", "the source holds half of a character (a lone surrogate)")
    if size > limits.source_bytes:
        return Problem("too_large", f"the source has {size} bytes, {limits.source_bytes} are allowed")
    if "\0" in codec.source:
        return Problem("not_loaded", "the source holds a NUL character")
    return None


def request(call: Call, limits: Limits) -> str | Problem:
    """Return a call as JSON for the guard, or why it is not made."""
    try:
        text = _encode(
            {
                "name": call.function,
                "input": call.input,
                "depth": limits.depth,
                "values": limits.values,
                "room": limits.text,
            }
        ).decode()
    except (TypeError, ValueError, RecursionError) as problem:
        return Problem("too_large", f"the input cannot be written as JSON: {problem}")
    if len(text) > limits.input_bytes:
        return Problem(
            "too_large", f"the input has {len(text)} bytes as JSON, {limits.input_bytes} are allowed"
        )
    return text


def answer(text: str | bytes, limits: Limits) -> Answer:
    """Read the guard's answer."""
    if len(text) > limits.output_bytes:
        return Answer(
            problem=Problem(
                "too_large", f"the result has {len(text)} bytes as JSON, {limits.output_bytes} are allowed"
            )
        )
    try:
        said: dict[str, Any] = _decode(text)
    except (msgspec.DecodeError, RecursionError) as problem:
        return Answer(problem=Problem("wrong_answer", f"the result is no JSON: {problem}"))
    if "stopped" in said:
        return Answer(problem=Problem(cast("Code", said["stopped"]), said["message"]))
    if "missing" in said:
        return Answer(problem=Problem("no_function", f"the codec has no function {said['missing']}"))
    if "thrown" in said:
        return Answer(problem=_thrown(said["thrown"]))
    result, function = said.get("result"), said.get("name", "")
    if not isinstance(result, dict):
        was = "nothing" if result is None else f"{type(result).__name__}, not an object"
        return Answer(function=function, problem=Problem("wrong_answer", f"{function} returned {was}"))
    return Answer(result, function, tuple(said.get("notes", ())))


def _thrown(error: dict[str, Any]) -> Problem:
    name, message, line = error.get("name", ""), error.get("message", ""), error.get("line")
    at = f" (line {line})" if line else ""
    if message == "Maximum call stack size exceeded":
        return Problem("too_deep", f"calls itself too deeply: the stack is full{at}")
    # With no memory left for an error the engine throws null.
    if message == "out of memory" or (name == "" and message == "null"):
        return Problem("too_much_memory", f"needs more memory than is allowed{at}")
    if message.startswith(("the result holds more", "the result is nested")):
        return Problem("too_large", message)
    return Problem("threw", f"{name}: {message}{at}" if name else f"{message}{at}")
