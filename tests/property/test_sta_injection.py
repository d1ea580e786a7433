"""Nothing of what anybody writes stands in SQL text, whatever they write; and nothing of it breaks anything."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.next_link import next_link
from ops_api.sensorthings.core.options import parse_options, query_pairs
from ops_api.sensorthings.core.parse import parse, parse_orders
from ops_api.sensorthings.core.paths import parse_path
from ops_api.sensorthings.core.schema import ENTITIES, columns
from ops_api.sensorthings.core.sql import Compiled
from tests.fakes.sta_cases import FOUND, ORDERED
from tests.fakes.sta_town import compiled

NASTY = [
    "'; drop table sta_thing; --",
    "%(p0)s",
    "%s",
    "%",
    "$1",
    "\\",
    "'",
    '"',
    "/*",
    "{0}",
    "{sql}",
    "pg_sleep(9)",
    "select",
    "\u2019",
    "0x41",
]
CHARACTERS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
WORDS = st.one_of(st.sampled_from(NASTY), st.text(CHARACTERS, max_size=30))
NAMES = st.from_regex(r"\A[^\W\d][\w.\-]{0,12}\Z")
KEYWORDS = (
    "true false and or not exists select from where limit is null distinct any case when then else end coalesce"
    " at time zone in desc nulls first last position left right starts_with length substr least greatest lower upper"
    " btrim extract date_part year month day hour minute second epoch floor ceil round mod nullif abs jsonb_typeof numeric double"
    " precision bigint integer text boolean timestamptz timestamp date interval jsonb q d o E"
)
WORDS_OF_OURS = {*KEYWORDS.split(" "), *columns(), *(name for names in columns().values() for name in names)}
STRINGS_OF_OURS = frozenset(
    [
        "UTC",
        "number",
        "string",
        "boolean",
        "null",
        "{}",
        "1 day",
        "epoch",
        "2000-01-01 00:00:00+00",
        " \\t\\r\\n",
    ]
)


def texts(found: Compiled) -> str:
    return f"{found.where} {found.stream_where} {found.order}"


def only_ours(sql: str) -> None:
    """Fail where SQL has a word, a string or a sign that is not of our own vocabulary."""
    bare = re.sub(r"%\([a-z]+g?[0-9]+\)s", " ", sql)
    assert "%" not in bare
    for string in re.findall(r"'([^']*)'", bare):
        assert string in STRINGS_OF_OURS
    bare = re.sub(r"'[^']*'|\b[0-9]+(e-?[0-9]+)?\b", " ", bare)
    for word in re.findall(r"[^\W\d]\w*", bare):
        assert word in WORDS_OF_OURS or re.fullmatch(r"n[0-9]+(_link)?", word), word
    assert re.fullmatch(r"[\w\s.,()=<>:+\-*/|#\[\]]*", bare)
    assert not re.search(r"--|/\*|\$", bare)


@pytest.mark.parametrize(("entity", "text"), sorted({(c[0], c[1]) for c in FOUND}))
def test_every_kind_of_filter_is_written_in_our_own_words(entity: str, text: str) -> None:
    only_ours(texts(compiled(parse(text), (), ENTITIES[entity])))


@pytest.mark.parametrize(("entity", "text"), sorted({(c[0], c[1]) for c in ORDERED if c[1]}))
def test_every_kind_of_order_is_written_in_our_own_words(entity: str, text: str) -> None:
    only_ours(texts(compiled(None, parse_orders(text), ENTITIES[entity])))


TEMPLATES = [
    ("Thing", "name eq {text}"),
    ("Thing", "startswith(concat(name, {text}), {text}) or not (name ne {text})"),
    ("Thing", "properties/{name} eq {text} and properties/{name}/{name} gt {number}"),
    (
        "Thing",
        "Datastreams/any({variable}: {variable}/name eq {text} and {variable}/properties/{name} lt {number})",
    ),
    ("Datastream", "unitOfMeasurement/{name} ne null or Observations/result gt {number}"),
    ("Observation", "result add {number} gt {number} and Datastream/Thing/properties/{name} eq {text}"),
    ("Location", "location/{name} eq {text} or substringof({text}, description)"),
]


@given(
    template=st.sampled_from(TEMPLATES), text=WORDS, name=NAMES, number=st.integers(0, 10**22), variable=NAMES
)
def test_sql_is_the_same_whatever_is_written(
    template: tuple[str, str], text: str, name: str, number: int, variable: str
) -> None:
    entity, pattern = template
    if variable in {"and", "or", "not", "null", "true", "false"}:
        variable = "x"

    def filled(text: str, name: str, number: object, variable: str) -> str:
        quoted = "'" + text.replace("'", "''") + "'"
        return pattern.format(text=quoted, name=name, number=number, variable=variable)

    # A whole number that does not fit 64 bits is another type, which is said in the SQL.
    like = 7 if number < 2**63 else 1e30
    written = compiled(parse(filled(text, name, number, variable)), (), ENTITIES[entity])
    plain = compiled(parse(filled("plain", "plain", like, "d")), (), ENTITIES[entity])
    assert texts(written) == texts(plain)
    assert set(written.params) == set(plain.params)
    only_ours(texts(written))
    if "{text}" in pattern:
        assert text in written.params.values()


FRAGMENTS = st.sampled_from(
    [
        *"()/,:;'-+%&=",
        *NASTY,
        " ",
        " eq ",
        " and ",
        " or ",
        "not ",
        " add ",
        " mod ",
        "name",
        "id",
        "result",
        "properties/a",
        "phenomenonTime",
        "Datastreams",
        "Observations/",
        "any(d:",
        "all(d:",
        "d/",
        "length(",
        "geo.length(",
        "now()",
        "null",
        "true",
        "1",
        "1e309",
        "'a'",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z/P1D",
        "duration'PT1S'",
        "duration'P9999999D'",
        "geography'POINT(1 2)'",
        "geography'POLYGON((",
        "$filter=",
        "$expand=",
        "$top=1",
        "(1)",
        "$count",
        "Things",
    ]
)
ANYTHING = st.one_of(st.lists(FRAGMENTS, max_size=14).map("".join), st.text(max_size=60))


def refused(of: Callable[[], object]) -> FilterError | None:
    try:
        of()
    except FilterError as error:
        return error
    return None


@settings(max_examples=300)
@given(text=ANYTHING, entity=st.sampled_from(sorted(ENTITIES)))
def test_whatever_is_asked_is_answered_or_refused_with_a_place(text: str, entity: str) -> None:
    of = ENTITIES[entity]
    for ask in (
        lambda: only_ours(texts(compiled(parse(text), (), of))),
        lambda: only_ours(texts(compiled(None, parse_orders(text), of))),
        lambda: parse_options([("$expand", text)], of),
        lambda: parse_options([("$select", text)], of),
    ):
        said = refused(ask)
        assert said is None or 0 <= said.position <= len(text)
    with contextlib.suppress(PathError):
        parse_path(text)


@given(filter_=ANYTHING, expand=ANYTHING)
def test_a_link_to_the_next_page_asks_what_was_asked(filter_: str, expand: str) -> None:
    of = ENTITIES["Thing"]
    for name, value in (
        ("$filter", filter_),
        ("$expand", expand),
        ("$orderby", filter_),
        ("$select", expand),
    ):
        pairs = [(name, value)]
        if refused(lambda pairs=pairs: parse_options(pairs, of)) is None:
            raw = next_link("", pairs, skip=3).removeprefix("?")
            assert query_pairs(raw) == [*pairs, ("$skip", "3")]


THINGS = st.sampled_from([case[1] for case in FOUND if case[0] == "Thing"])


@given(parts=st.lists(THINGS, min_size=1, max_size=12), word=st.sampled_from([" and ", " or "]))
def test_sql_grows_no_faster_than_what_is_asked(parts: list[str], word: str) -> None:
    text = word.join(f"({part})" for part in parts)
    found: list[Compiled] = []
    said = refused(lambda: found.append(compiled(parse(text), (), ENTITIES["Thing"])))
    assert len(found) == 1 or (said is not None and re.search("more than|longer than", said.message))
    assert all(len(texts(one)) < 40 * len(text) + 200 for one in found)
