"""Cursors, entity tags, chosen fields: what comes back is what went in, and nothing else is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_api.rest.core import chosen, cursor, etag

KEYS = st.lists(st.text(max_size=40) | st.integers(-(2**63), 2**63 - 1), max_size=4)
PARAMS = st.lists(
    st.tuples(st.sampled_from(["kind", "from", "limit", "cursor", "device"]), st.text(max_size=10)),
    max_size=5,
)
SECRET = b"s" * 32


@given(KEYS, PARAMS, st.randoms(use_true_random=False))
def test_a_cursor_is_good_for_its_question_whatever_the_order(
    key: list[str | int], params: list[tuple[str, str]], chance: object
) -> None:
    asked = cursor.question("/api/v1/devices", params)
    text = cursor.encode(key, asked, SECRET)
    again = [p for p in reversed(params) if p[0] not in cursor.LEFT_OUT] + [("limit", "7"), ("cursor", text)]
    assert cursor.decode(text, cursor.question("/api/v1/devices", sorted(again)), SECRET) == key
    for other in (
        cursor.question("/api/v1/alarms", params),
        cursor.question("/api/v1/devices", [*params, ("kind", "x")]),
    ):
        with pytest.raises(cursor.WrongCursorError):
            cursor.decode(text, other, SECRET)
    with pytest.raises(cursor.WrongCursorError):
        cursor.decode(text, asked, b"t" * 32)


@given(KEYS, st.integers(0, 10_000), st.characters())
def test_a_cursor_that_was_changed_is_refused(key: list[str | int], place: int, char: str) -> None:
    asked = cursor.question("/a", [])
    text = cursor.encode(key, asked, SECRET)
    place %= len(text)
    changed = text[:place] + char + text[place + 1 :]
    try:
        found = cursor.decode(changed, asked, SECRET)
    except cursor.WrongCursorError:
        return
    assert found == key, "only what means the same is taken"


@given(st.text(max_size=60))
def test_no_text_is_a_cursor(text: str) -> None:
    with pytest.raises(cursor.WrongCursorError):
        cursor.decode(text, b"[]", SECRET)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_tag_is_of_one_answer(body: bytes, other: bytes) -> None:
    tag = etag.tag_of(body)
    assert etag.is_known(tag, f'"x", {tag}')
    assert etag.is_known(tag, tag.removeprefix("W/"))
    assert etag.is_known(tag, "*")
    assert etag.is_known(etag.tag_of(other), tag) == (body == other)
    assert not etag.is_known(tag, None)
    assert not etag.is_known(tag, "")


def test_only_chosen_fields_are_given() -> None:
    rows = [{"name": "a", "n": 0.0, "x": None}, {"name": "b"}]
    assert chosen.only(rows, ["n", "x"], None) == [{"n": 0.0, "x": None}, {}]
    assert chosen.only({"devices": rows, "next": None}, ["name"], "devices") == {
        "devices": [{"name": "a"}, {"name": "b"}], "next": None,
    }  # fmt: skip
    assert chosen.only(rows[0], ["name"], None) == {"name": "a"}
    assert chosen.wanted(" name, ,kind ") == ["name", "kind"]
    for wrong in ("", ",", " "):
        with pytest.raises(ValueError, match="names of fields"):
            chosen.wanted(wrong)


def test_a_stranger_is_told_what_may_be_meant() -> None:
    assert chosen.strangers(["kind", "limti", "zzz"], {"kind", "limit"}) == [
        "'limti' (did you mean 'limit'?)",
        "'zzz'",
    ]
