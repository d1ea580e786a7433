"""Calls to and answers from the guard (guard.js) as JSON. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from ingest.sandbox.limits import Limits
from ingest.sandbox.ports import Answer, Call, Code, Codec, Problem

_encode = msgspec.json.Encoder().encode

MOST_MESSAGE = 1000
"""Characters of what a codec throws that are kept."""


class _Thrown(msgspec.Struct, frozen=True):
    name: str = ""
    message: str = ""
    line: int | None = None


class _Said(msgspec.Struct, frozen=True):
    """What comes back of a call. A codec can't write it, and is not believed to be unable to."""

    stopped: Code | None = None
    message: str = ""
    missing: str | None = None
    thrown: _Thrown | None = None
    name: str = ""
    result: Any = None
    notes: tuple[str, ...] = ()


_read = msgspec.json.Decoder(_Said).decode


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
        said = _read(text)
    except (msgspec.DecodeError, RecursionError) as problem:
        return Answer(problem=Problem("wrong_answer", f"the result is no JSON: {problem}"))
    if said.stopped is not None:
        return Answer(problem=Problem(said.stopped, said.message[:MOST_MESSAGE]))
    if said.missing is not None:
        return Answer(problem=Problem("no_function", f"the codec has no function {said.missing}"))
    if said.thrown is not None:
        return Answer(problem=_problem(said.thrown))
    if not isinstance(said.result, dict):
        was = "nothing" if said.result is None else f"{type(said.result).__name__}, not an object"
        return Answer(function=said.name, problem=Problem("wrong_answer", f"{said.name} returned {was}"))
    return Answer(said.result, said.name, said.notes)


def _problem(error: _Thrown) -> Problem:
    name, message = error.name[:MOST_MESSAGE], error.message[:MOST_MESSAGE]
    at = "" if error.line is None else f" (line {error.line})"
    if message == "Maximum call stack size exceeded":
        return Problem("too_deep", f"calls itself too deeply: the stack is full{at}")
    # With no memory left for an error the engine throws null.
    if message == "out of memory" or (name == "" and message == "null"):
        return Problem("too_much_memory", f"needs more memory than is allowed{at}")
    if message.startswith(("the result holds more", "the result is nested")):
        return Problem("too_large", message)
    return Problem("threw", f"{name}: {message}{at}" if name else f"{message}{at}")
