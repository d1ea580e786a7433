"""JavaScript codecs of ours in the sandbox, against published examples of bin and road sensors and those of makers' manuals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.ts013 import decode_uplinks
from tests.fakes.codecs import codec, payload
from tests.fakes.real_data import real_data


@pytest.fixture(scope="module")
def decoder() -> Iterator[PooledDecoder]:
    pool = PooledDecoder(1)
    yield pool
    pool.close()


def decoded(decoder: PooledDecoder, name: str, text: str, port: int = 1) -> Mapping[str, Any]:
    (found,) = decode_uplinks(decoder, codec(name), [payload(text, port)])
    assert found.problem is None
    assert found.data is not None, found.errors
    return found.data


def test_examples_of_makers(decoder: PooledDecoder) -> None:
    """Netvox's manual, p. 8; Pepperl+Fuchs' and Decentlab's examples."""
    level = decoded(decoder, "level_fill", "01B101240001F419000000", 6)
    assert level == {"battery_v": 3.6, "status": 0, "distance_mm": 500, "fill_pct": 25}
    tagged = decoded(decoder, "tagged", "040B010031 030B065D 06020141A66666 03510122")
    assert tagged == {"distance_cm": 49, "fill_pct": 93, "temperature_c": 20.8, "battery_v": 3.4}
    words = decoded(decoder, "words", "02012F000304D200010BB1")
    assert words == {"distance_mm": 1234, "valid_samples": 1, "battery_v": 2.993}
    (low,) = decode_uplinks(decoder, codec("level_fill"), [payload("01B101A40001F419000000", 6)])
    assert (low.data or {})["battery_v"] == 3.6
    assert low.warnings == ("battery low",)


SAME = {
    "words": {
        "distance": "distance_mm", "number_of_valid_samples": "valid_samples", "battery_voltage": "battery_v",
        "temperature_target": "target_c", "temperature_head": "head_c", "head_temperature": "head_c",
        "surface_temperature": "surface_c", "air_temperature": "air_c", "air_humidity": "humidity_pct",
    },
    # What its last two bytes are is not sure: their publisher has a humidity, others a degree of filling.
    "filling_degree": {name: name for name in ("battery", "distance", "temperature", "valid", "errorcode")},
}  # fmt: skip
MODELS = {"dl-mbx": "words", "dl-itst": "words", "dl-wrm": "words", "filling-degree-sensor": "filling_degree"}


@pytest.mark.real_data
def test_published_examples(decoder: PooledDecoder) -> None:
    lines = real_data("bins/lorawan_codec_vectors.jsonl").read_text(encoding="utf-8").splitlines()
    vectors = [vector for vector in map(json.loads, lines) if vector["model"] in MODELS]
    assert len(vectors) == 10
    for vector in vectors:
        name = MODELS[vector["model"]]
        data = decoded(decoder, name, vector["hex"], vector["fPort"])
        wanted = {
            SAME[name][theirs]: value["value"] if isinstance(value, dict) else value
            for theirs, value in vector["data"].items()
            if theirs in SAME[name]
        }
        assert data == pytest.approx(wanted), vector["desc"]


@pytest.mark.real_data
def test_examples_beside_the_published_ones(decoder: PooledDecoder) -> None:
    codecs = {"em310-udl": "distance", "em400-tld": "distance", "r718pe (ultrasonic level)": "level_fill"}
    vectors = json.loads(real_data("bins/extra_bin_road_vectors.json").read_text(encoding="utf-8"))
    ours = [vector for vector in vectors if vector["model"] in codecs]
    assert len(ours) == 3
    renamed = {"distance": "distance_mm", "tilt": "position"}
    for vector in ours:
        data = decoded(decoder, codecs[vector["model"]], vector["hex"], vector["fPort"])
        wanted = {renamed.get(name, name): value for name, value in vector["data"].items()}
        assert {renamed.get(name, name): value for name, value in data.items()} == wanted
