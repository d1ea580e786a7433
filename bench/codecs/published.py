"""Codecs that others have published, from a checkout of their repository: how many load, how many examples agree."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ingest.sandbox.engine import Engine
from ingest.sandbox.limits import Limits
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.ports import Call, Codec
from ingest.sandbox.speech import answer, request
from ingest.sandbox.ts013 import decoded


# YAML 1.1 takes NO, On and the like for booleans; the repository means texts.
class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012 - as its parent has it
        letter: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool" or letter in "tTfF"]
        for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class Example:
    """An uplink and what its publisher says of it; data None where it says: an error."""

    data: bytes
    f_port: int
    wanted: Mapping[str, Any] | None


def published(folder: Path) -> dict[str, Any]:
    """Return counts, and where something differed."""
    found: Counter[str] = Counter()
    differ: list[str] = []
    pool = PooledDecoder(1)
    began_s = time.process_time()
    for path, examples in _codecs(folder):
        found["codecs"] += 1
        codec = Codec(path.read_text(encoding="utf-8-sig", errors="replace"))
        engine = Engine(codec.source, Limits())
        trial = request(Call("decodeUplink", {"bytes": [0], "fPort": 1}), Limits())
        given = answer(engine.call(str(trial)), Limits()).problem
        found["loaded"] += given is None or given.code not in {"not_loaded", "no_function", "too_slow"}
        found["in_one_engine"] += not engine.apart
        calls = [
            Call(
                "decodeUplink",
                {"bytes": list(e.data), "fPort": e.f_port, "recvTime": _now_ms(), "variables": {}},
            )
            for e in examples
        ]
        answers = pool.run(codec, calls * 2)
        for example, call, first, second in zip(
            examples, calls, answers, answers[len(calls) :], strict=False
        ):
            found["examples"] += 1
            text = request(call, Limits())
            own = answer(engine.alone(text), Limits()) if isinstance(text, str) else first
            found["same_twice"] += first == second
            found["same_as_in_an_engine_of_its_own"] += first == own
            result = decoded(first)
            agrees = result.data is None if example.wanted is None else close(result.data, example.wanted)
            found["agree"] += agrees
            if not agrees:
                differ.append(f"{path.relative_to(folder)}: {json.dumps(result.data, default=str)[:120]}")
    pool.close()
    return {
        "folder": folder.name,
        **found,
        "cpu_s": round(time.process_time() - began_s, 1),
        "differ": differ,
    }


def _now_ms() -> int:
    return int(datetime(2026, 1, 9, 5, 10, tzinfo=UTC).timestamp() * 1000)


def _codecs(folder: Path) -> Iterator[tuple[Path, list[Example]]]:
    """Yield each codec with its examples: of The Things Network's kind, else of ChirpStack's."""
    by_file: dict[Path, list[Example]] = {}
    for declared in sorted(folder.glob("vendor/*/*.yaml")):
        decoder = _mapping(yaml.load(declared.read_text(encoding="utf-8"), _Loader)).get("uplinkDecoder")
        name = _mapping(decoder).get("fileName")
        if isinstance(name, str) and (declared.parent / name).is_file():
            some = by_file.setdefault(declared.parent / name, [])
            some += [_example(e["input"], e["output"]) for e in _mapping(decoder).get("examples") or []]
    for script in sorted(folder.glob("vendors/*/codecs/*.js")):
        tests = script.with_name(f"test_decode_{script.stem}.json")
        rows = _rows(tests.read_text(encoding="utf-8")) if tests.is_file() else []
        by_file[script] = [_example(row["input"], row["expected"]) for row in rows]
    yield from by_file.items()


def _rows(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except ValueError:  # some are no JSON
        return []
    return found if isinstance(found, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _example(given: Mapping[str, Any], output: Mapping[str, Any]) -> Example:
    data = bytes(b & 0xFF for b in given.get("bytes") or [])
    return Example(data, int(given.get("fPort", 1)), None if output.get("errors") else output.get("data"))


def close(a: object, b: object) -> bool:
    """Whether two decoded values say the same; numbers to nine digits, what is empty or not there alike."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return all(close(a.get(key), b.get(key)) for key in a.keys() | b.keys())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b
