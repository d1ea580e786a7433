"""Whatever is wrong with a forecast file, it ends in forecasts that are whole or in words, never in a traceback."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.errors import ConfigurationError
from rules.core.weather_forecast import COLUMNS, LIMITS
from rules.winter.weather.files import Format, read
from rules.winter.weather.formats import own_json
from rules.winter.weather.formats.given import Given
from tests.fakes import weather_forecasts as files
from tests.fakes.weather_forecasts import T, dumped, forecast

HERE = Given(latitude_deg=52.0, longitude_deg=-1.0, fetched_s=T)
DOCUMENTS: dict[Format, Any] = {
    "json": own_json.document(forecast()),
    "datahub": files.datahub(hours=4),
    "open-meteo": files.open_meteo(),
}
TEXTS: dict[Format, bytes] = {
    "metro": files.metro().encode(),
    "csv": (
        "place,latitude_deg,longitude_deg,source,issued_at,at,air_c,cloud\n"
        f"Hill,52,-1,own,{files.stamp(0)},{files.stamp(0)},1,0.5\nHill,52,-1,own,{files.stamp(0)},{files.stamp(1)},2,\n"
    ).encode(),
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        [10**400, -(10**20), "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\x1b[2J"]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=3),
)


def paths(document: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a document."""
    pairs = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in pairs:
        yield (*so_far, key)
        yield from paths(value, (*so_far, key))


PATHS = {form: list(paths(document)) for form, document in DOCUMENTS.items()}


def whole_or_told(content: bytes, form: Format | None) -> None:
    try:
        found = read(content, "f", HERE, form)
    except ConfigurationError:
        return
    for made in found:
        for name in COLUMNS:
            values = getattr(made, name)
            low, high = LIMITS[name]
            assert values is None or all(v != v or low <= v <= high for v in values.tolist()), name


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(DOCUMENTS)))
def test_anything_in_the_place_of_anything(data: st.DataObject, form: Format) -> None:
    document = copy.deepcopy(DOCUMENTS[form])
    *steps, last = data.draw(st.sampled_from(PATHS[form]))
    place = document
    for step in steps:
        place = place[step]
    if data.draw(st.booleans()):
        place[last] = data.draw(ODD)
    else:
        del place[last]
    whole_or_told(dumped(document), form)


@given(st.data(), st.sampled_from(sorted(TEXTS)))
def test_any_bytes_put_into_a_text(data: st.DataObject, form: Format) -> None:
    text = TEXTS[form]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    whole_or_told(text[:start] + data.draw(st.binary(max_size=20)) + text[end:], form)


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    whole_or_told(content, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_encoding(encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><forecast>&b;</forecast>'.encode(encoding)
    with pytest.raises(ConfigurationError, match="document type"):
        read(bomb, "f", HERE, "metro")


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"[" * 100_000, "json"),
        (b'{"a":' * 100_000, "datahub"),
        (b'at,air_c\n"' + b"x" * 200_000, "csv"),
        (b'<?xml version="1.0" encoding="no-such"?><forecast/>', "metro"),
        (b"\x00", "csv"),
        (b"", None),
    ],
)
def test_what_breaks_parsers_is_told(content: bytes, form: Format | None) -> None:
    with pytest.raises(ConfigurationError):
        read(content, "f", HERE, form)
