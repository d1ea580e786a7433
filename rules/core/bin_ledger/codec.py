"""Inputs and statements as JSON, the digest over all inputs, and the check of a file by recomputing it.

Arrays are lists of numbers; numbers are written shortest so that they come back the same. The digest is SHA-256 of the inputs
as JSON with names in order: any input that differs gives another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from rules.core.bin_ledger.statement import Statement
from rules.core.bin_ledger.values import Inputs

FORMAT = "cityops bin statement 1"
CLOSE = 1e-6
"""Figures agree to so much of them: other versions of numpy add up in another order."""


class LedgerFileError(ValueError):
    """A file is no statement; the text says why."""


class Document(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A statement's file: everything that an auditor needs to work it out again.

    Attributes:
        format: of the file.
        made_at: when it was made; by: by whom.
        over: whether the period had ended.
        digest: of the inputs, hexadecimal.
        statement, inputs: see there.
    """

    format: str
    made_at: str
    by: str
    over: bool
    digest: str
    statement: Statement
    inputs: Inputs


def _plain(value: object) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"{type(value)} can't be written")


def _back(kind: type, value: object) -> Any:
    return np.asarray(value, dtype=np.float64)


def encode(value: Any) -> bytes:
    """Return inputs, a statement or a document as JSON, names in order."""
    return msgspec.json.encode(value, enc_hook=_plain, order="sorted")


def digest(inputs: Inputs) -> str:
    """Return what identifies the inputs."""
    return hashlib.sha256(encode(inputs)).hexdigest()


def decode_inputs(data: bytes) -> Inputs:
    """Return inputs.

    Raises:
        LedgerFileError: they are none.
    """
    found: Inputs = _decoded(data, Inputs)
    return found


def decode(data: bytes) -> Document:
    """Return a document.

    Raises:
        LedgerFileError: it is none.
    """
    found: Document = _decoded(data, Document)
    if found.format != FORMAT:
        raise LedgerFileError(f"format {found.format!r}; this version reads {FORMAT!r}")
    return found


def _decoded(data: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=kind, dec_hook=_back)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise LedgerFileError(f"no statement: {error}") from error


def differences(told: Statement, again: Statement) -> tuple[str, ...]:
    """Return where two statements differ, in words; empty where they agree."""
    a, b = (msgspec.json.decode(encode(s)) for s in (told, again))
    return tuple(_differ("", a, b))


def _differ(where: str, a: Any, b: Any) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for name in a:
            yield from _differ(f"{where}.{name}" if where else name, a[name], b[name])
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for k, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differ(f"{where}[{_name(x, k)}]", x, y)
    elif not _same(a, b):
        yield f"{where}: told {a!r}, worked out again {b!r}"


def _name(value: Any, k: int) -> str:
    if isinstance(value, dict):
        return str(value.get("key") or value.get("bin_id") or value.get("name") or k)
    return str(k)


def _same(a: Any, b: Any) -> bool:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (a, b))
    return bool(abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))) if numbers else bool(a == b)
