"""``bench codecs``: what a decode costs in the sandbox, and how fast what does not end is stopped.

With ``--published DIR`` the codecs of a checkout of The Things Network's device repository, or of ChirpStack's, are
loaded and their examples decoded, twice in the sandbox and once in an engine of their own: nothing of them is kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bench.codecs.published import published
from bench.codecs.sources import PAYLOAD, WANTED, measured, native
from bench.codecs.stops import stops
from bench.codecs.ways import ways
from bench.machine import machine
from bench.stack import say


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench codecs``."""
    parser.add_argument("--decodes", type=int, default=4000, help="of each way")
    parser.add_argument("--repeats", type=int, default=5, help="of each codec that does not end")
    parser.add_argument(
        "--published", type=Path, action="append", default=[], metavar="DIR", help="a device repository"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/codecs.md."""
    figures: list[dict[str, Any]] = []
    for one in measured():
        say(f"codecs: {one.name}")
        found = ways(one.source, options.decodes)
        figures.append(
            {
                "source": one.name,
                "cpu_us_per_decode": {way: round(us, 1) for way, us in found.items()},
                "decodes_per_cpu_second": {way: round(1e6 / us) for way, us in found.items() if us > 0},
            }
        )
    say("codecs: what does not end")
    stopped = stops(options.repeats)
    return {
        "benchmark": "codecs",
        "correct": native(PAYLOAD) == WANTED and all(one["answer"] for one in stopped),
        "machine": machine(),
        "conditions": {"decodes": options.decodes, "repeats": options.repeats, "payload_bytes": len(PAYLOAD)},
        "figures": figures,
        "stopped": stopped,
        "published": [published(folder) for folder in options.published],
    }
