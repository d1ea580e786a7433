"""The depth of a document told from its bytes is what a parser finds, for any document."""

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ops_api.hardening.depth import is_too_deep

LEAVES = (
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(alphabet='[]{}"\\,:aé\n', max_size=12)
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\a', max_size=4), inner, max_size=3)
    ),
    max_leaves=25,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(DOCUMENTS, st.integers(0, 8), st.booleans())
def test_it_is_what_a_parser_finds(document: Any, deepest: int, spaced: bool) -> None:
    text = json.dumps(document, indent=1 if spaced else None, ensure_ascii=spaced).encode()
    assert is_too_deep(text, deepest) == (depth(document) > deepest)


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(document: bytes) -> None:
    assert is_too_deep(document, 3) in (True, False)


def test_what_is_meant_to_take_long_does_not() -> None:
    hostile = [
        b"[" * 4_000_000,
        b"[]" * 2_000_000,
        b"[[]" * 1_300_000,
        b'"' * 4_000_000,
        b"[" * 40 + b'"\\' * 2_000_000,
    ]
    began = time.process_time()
    for document in hostile:
        is_too_deep(document)
    assert time.process_time() - began < 3.0
    assert is_too_deep(hostile[0])
    assert is_too_deep(b"[" * 33 + b"]" * 33)
    assert not is_too_deep(b"[" * 32 + b"]" * 32)
