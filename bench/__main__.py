"""``python -m bench [ingest|commit|damp|rules|alarms|replay|restore|fleet|ota|storage|moisture|forecaster|wrong_sensor|bin_emptying|bin_outlook|bin_round|rounds|boards|emergency_way|wall|filter|door|agent|agent_kills|agents|codecs] [options]``: one JSON object per benchmark on standard output.

Without a name all run, one after the other. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from bench import (
    agents,
    alarms,
    bin_emptying,
    bin_outlook,
    bin_round,
    boards,
    commit,
    damp,
    emergency_way,
    fleet,
    forecaster,
    ingest,
    ota,
    replay,
    restore,
    rounds,
    rules,
    storage,
    wall,
    wrong_sensor,
)
from bench.agent import footprint as agent
from bench.agent import kills as agent_kills
from bench.codecs import report as codecs
from bench.door import figures as door
from bench.door import filter as door_filter
from bench.moisture import report as moisture

DSN_VARIABLE = "CITYOPS_BENCH_DSN"
BENCHMARKS = {
    "ingest": ingest,
    "commit": commit,
    "damp": damp,
    "rules": rules,
    "alarms": alarms,
    "replay": replay,
    "fleet": fleet,
    "restore": restore,
    "ota": ota,
    "storage": storage,
    "moisture": moisture,
    "forecaster": forecaster,
    "wrong_sensor": wrong_sensor,
    "bin_emptying": bin_emptying,
    "bin_outlook": bin_outlook,
    "bin_round": bin_round,
    "rounds": rounds,
    "boards": boards,
    "emergency_way": emergency_way,
    "wall": wall,
    "filter": door_filter,
    "door": door,
    "agent": agent,
    "agent_kills": agent_kills,
    "agents": agents,
    "codecs": codecs,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for; exit code 1 where a benchmark found a wrong result."""
    options = parser().parse_args(argv)
    chosen = [options] if options.name is not None else [parser().parse_args([n]) for n in BENCHMARKS]
    dsn = _leave_settings_behind()
    correct = True
    for one in chosen:
        one.dsn = dsn
        report = BENCHMARKS[one.name].run(one)
        print(json.dumps(report, indent=2), flush=True)
        correct = correct and bool(report["correct"])
    return 0 if correct else 1


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = top.add_subparsers(title="benchmarks", dest="name")
    for name, module in BENCHMARKS.items():
        words = (module.__doc__ or "").splitlines()[0]
        command = commands.add_parser(
            name, help=words, description=words, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        module.add_options(command)
    return top


def _leave_settings_behind() -> str | None:
    """Remove this installation's settings, so that they reach no measured process; return the DSN."""
    dsn = os.environ.get(DSN_VARIABLE)
    for name in [n for n in os.environ if n.startswith("CITYOPS_")]:
        del os.environ[name]
    return dsn


if __name__ == "__main__":
    sys.exit(main())
