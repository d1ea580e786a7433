"""What reading a SensorThings filter costs: text to tree, tree to SQL, by what clients ask and by the worst that is accepted.

No database. The baseline reads the same grammar by Earley's algorithm, lark's usual one, which needs no care for words
that begin like operators. Beside it stands what a refusal costs: who sends the largest nonsense must not get more than who
asks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from lark import Lark

from bench.machine import machine
from bench.stack import say
from ops_api.sensorthings.core import parse as parsing
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.parse import parse
from ops_api.sensorthings.core.schema import ENTITIES
from ops_api.sensorthings.core.sql import to_sql

NOW = datetime(2026, 1, 9, tzinfo=UTC)

USUAL = (
    ("Observation", "phenomenonTime ge 2026-01-09T00:00:00Z"),
    ("Observation", "Datastream/id eq 17 and phenomenonTime ge now() sub duration'P1D' and result lt 0"),
    ("Datastream", "Thing/name eq 'Mill Road' and ObservedProperty/name eq 'Road surface temperature'"),
    ("Thing", "Datastreams/any(d: d/ObservedProperty/name eq 'Air temperature' and startswith(d/name, 'M'))"),
    ("Location", "location/type eq 'Point' or location/geometry/type eq 'Point'"),
    ("Location", "geo.intersects(location, geography'POLYGON ((0 52, 1 52, 1 53, 0 53, 0 52))')"),
)
WORST = (
    ("Thing", " or ".join(["name eq 'Mill Road'"] * 66)),
    ("Thing", " and ".join(["properties/a/b gt 1.5"] * 66)),
    ("Thing", " or ".join(f"Datastreams/name ne '{i}'" for i in range(66))),
    ("Thing", "(" * 100 + "id eq 1" + ")" * 100),
    ("Thing", "id eq " + " or id eq ".join(["(1)"] * 66)),
    ("Observation", " or ".join(["phenomenonTime gt 2026-01-09T00:00:00.000000+00:00"] * 66)),
    ("Observation", " and ".join(["result add 1 mul 2 ge 3"] * 28)),
    ("Thing", "name eq '" + "''" * 1_990 + "'"),
    (
        "Location",
        "st_within(location, geography'POLYGON ((0 0, "
        + ", ".join(f"{i} {i * i}" for i in range(300))
        + ", 0 0))')",
    ),
)
REFUSED = (
    "1 add " * 600 + "1 eq 1",
    "(" * 200,
    "a eq '" + "x" * 3_900,
    " or ".join(["a eq 1"] * 400),
    "a eq 1 " * 500,
    "/".join("a" * 2_000),
    "x" * 8_000,
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench filter``."""
    parser.add_argument("--repeats", type=int, default=50, help="of each filter; figures are medians")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    say("filter: usual ones, the worst that are accepted, refusals")
    usual = [_asked(*one, options.repeats) for one in USUAL]
    worst = [_asked(*one, options.repeats) for one in WORST]
    refused = [_refusal(text, options.repeats) for text in REFUSED]
    highest = max(one["parse_ms"] + one["sql_ms"] for one in worst)
    return {
        "benchmark": "filter",
        "correct": all(one["refused"] for one in refused),
        "machine": machine(),
        "conditions": {"repeats": options.repeats, "clock": "CPU time of the process, medians"},
        "figures": {
            "usual": usual,
            "worst": worst,
            "refused": refused,
            "highest_accepted_ms": round(highest, 2),
            "baseline_earley": _baseline(options.repeats),
        },
    }


def _asked(entity: str, text: str, repeats: int) -> dict[str, Any]:
    tree = parse(text)
    return {
        "entity": entity,
        "filter": text if len(text) <= 60 else f"{text[:57]}...",
        "characters": len(text),
        "parse_ms": _ms(lambda: parse(text), repeats),
        "sql_ms": _ms(lambda: to_sql(tree, (), ENTITIES[entity], "o", now=NOW, stream="d"), repeats),
    }


def _refusal(text: str, repeats: int) -> dict[str, Any]:
    said: list[str] = []

    def ask() -> None:
        try:
            parse(text)
        except FilterError as error:
            said[:] = [error.message]

    cost = _ms(ask, repeats)
    return {"filter": f"{text[:40]}...", "characters": len(text), "ms": cost, "refused": said}


def _baseline(repeats: int) -> dict[str, Any]:
    earley = Lark.open("grammar.lark", rel_to=parsing.__file__, parser="earley", start="filter")
    texts = [text for _, text in USUAL]
    costs = [_ms(lambda text=text: earley.parse(text), max(1, repeats // 10)) for text in texts]  # type: ignore[misc]
    ours = [_ms(lambda text=text: parse(text), repeats) for text in texts]  # type: ignore[misc]
    return {
        "usual_ms": costs,
        "ours_ms": ours,
        "ratio": [round(a / b, 1) for a, b in zip(costs, ours, strict=True)],
    }


def _ms(what: Callable[[], object], repeats: int) -> float:
    what()
    return round(median(_times(what, repeats)) * 1e3, 3)


def _times(what: Callable[[], object], repeats: int) -> Sequence[float]:
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        what()
        found.append(time.process_time() - begun)
    return found
