"""The benchmark of codecs, with few decodes: its figures are there and its results right."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.codecs import report
from bench.codecs.published import close, published
from bench.codecs.sources import PAYLOAD, WANTED, measured, native
from ingest.sandbox.inline import InlineDecoder
from ingest.sandbox.ports import Codec
from ingest.sandbox.ts013 import decode_uplinks
from tests.fakes.codecs import HERE, payload


def test_the_measured_codecs_decode_alike() -> None:
    assert native(PAYLOAD) == WANTED
    for one in measured():
        (found,) = decode_uplinks(InlineDecoder(), Codec(one.source), [payload(PAYLOAD)])
        assert found.data == WANTED, one.name
    assert [round(len(one.source) / 1000) for one in measured()] == [2, 12, 30]


def test_a_report_has_its_figures(tmp_path: Path) -> None:
    found: dict[str, Any] = report.run(
        SimpleNamespace(decodes=100, repeats=1, published=[repository(tmp_path)])
    )  # type: ignore[arg-type]
    assert found["correct"] is True
    assert len(found["figures"][0]["cpu_us_per_decode"]) == 6
    assert {one["answer"].split(":")[0] for one in found["stopped"]} == {"too_slow", "too_much_memory"}
    (told,) = found["published"]
    assert {k: told[k] for k in ("codecs", "loaded", "in_one_engine", "examples", "same_twice", "agree")} == {
        "codecs": 2, "loaded": 2, "in_one_engine": 2, "examples": 3, "same_twice": 3, "agree": 2,
    }  # fmt: skip
    assert told["differ"] == ['vendor/a/legacy_v2.js: {"port": 7, "level": 0.5}']


def repository(folder: Path) -> Path:
    """A device repository of two codecs of ours, one with an example that is wrong."""
    made = folder / "vendor" / "a"
    made.mkdir(parents=True)
    for name in ("distance", "legacy_v2"):
        (made / f"{name}.js").write_text((HERE / f"{name}.js").read_text())
    (made / "one-codec.yaml").write_text(
        "uplinkDecoder:\n  fileName: distance.js\n  examples:\n"
        "    - {input: {fPort: 85, bytes: [1, 0x75, 92]}, output: {data: {battery: 92}}}\n"
        "    - {input: {fPort: 1, bytes: [1]}, output: {errors: [unknown]}}\n"
    )
    (made / "two-codec.yaml").write_text(
        "uplinkDecoder:\n  fileName: legacy_v2.js\n  examples:\n"
        "    - {input: {fPort: 7, bytes: [50]}, output: {data: {port: 7, level: 5}}}\n"
    )
    return folder


def test_chirpstacks_kind_of_repository(tmp_path: Path) -> None:
    made = tmp_path / "vendors" / "b" / "codecs"
    made.mkdir(parents=True)
    (made / "distance.js").write_text((HERE / "distance.js").read_text())
    rows = [{"input": {"fPort": 85, "bytes": [1, 117, 92]}, "expected": {"data": {"battery": 92}}}]
    (made / "test_decode_distance.json").write_text(json.dumps(rows))
    assert published(tmp_path)["agree"] == 1


def test_close_is_for_numbers_only() -> None:
    assert close({"a": 0.1 + 0.2, "b": None}, {"a": 0.3})
    assert not close({"a": True}, {"a": 1})
    assert not close([1], [1, 2])
