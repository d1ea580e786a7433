"""Codecs and their calls as values, and whoever runs them as a protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, TypeAlias

# `load`: none of its functions, only what stands outside of them.
Function: TypeAlias = Literal["load", "decodeUplink", "decodeDownlink", "encodeDownlink"]
# Why there is no result. Of these, `resting` and `crashed` may be worth another try later.
Code: TypeAlias = Literal[
    "not_loaded",  # a syntax error, or an error as it was loaded
    "no_function",  # it has no function of that name
    "threw",  # the codec threw
    "too_slow",
    "too_much_memory",
    "too_deep",
    "too_large",  # source, input or result
    "wrong_answer",  # not what TS013 says: no object
    "crashed",  # the process went down
    "resting",  # stopped too often just now (resting.py)
]


@dataclass(frozen=True)
class Codec:
    """A codec's source.

    Attributes:
        source: JavaScript (LoRa Alliance TS013-1.0.0, or what came before it).
    """

    source: str

    @cached_property
    def key(self) -> int:
        """The source's fingerprint, 64 bits of its SHA-256."""
        return int.from_bytes(
            hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).digest()[:8], "big"
        )


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a codec.

    Attributes:
        function: by its TS013 name; where the codec has not got it, its older twin is called.
        input: as TS013 has it, plain JSON values; ``recvTime`` in milliseconds since 1970 becomes a ``Date``.
    """

    function: Function
    input: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a call gave no result: a code of a closed set, and a sentence for a person."""

    code: Code
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave.

    Attributes:
        result: what the function returned, as JSON has it; None with a problem.
        function: the name of the function that was there: ``decodeUplink``, ``Decode``, ``Decoder``, …
        notes: what JSON could not say, such as a NaN.
        problem: None where there is a result.
    """

    result: Mapping[str, object] | None = None
    function: str = ""
    notes: tuple[str, ...] = ()
    problem: Problem | None = None


class Decoder(Protocol):
    """Runs codecs. Thread-safe; blocks while it runs."""

    def run(self, codec: Codec, calls: Sequence[Call]) -> list[Answer]:
        """Return an answer for each call, in order; never raises for what a codec does."""
        ...

    def close(self) -> None:
        """Let go of processes; nothing can be run afterwards."""
        ...
