"""Fuzz every decoder of bytes from outside: ``python scripts/fuzz.py --seconds 3600``.

With atheris (``pip install atheris``) branches that were taken lead the search; each target gets its share of the
time in a process of its own. The first input that makes a decoder fail otherwise than by refusing is printed in
hexadecimal, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))


def main() -> int:
    """Fuzz all targets, or be one of them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="of all targets together [s]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--target", help="only this one")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return _inside(options.target, options.seconds)
    from tests.fakes.fuzz_targets import TARGETS

    names = [options.target] if options.target else list(TARGETS)
    share_s = max(1.0, options.seconds * options.jobs / len(names))
    reports = _outside(names, share_s, options.jobs)
    print(json.dumps({"seconds_each": round(share_s, 1), "targets": reports}, indent=2))
    return 0 if all(r["fault"] == "" for r in reports.values()) else 1


def _outside(names: list[str], share_s: float, jobs: int) -> dict[str, dict[str, object]]:
    waiting, reports = list(names), dict[str, dict[str, object]]()
    running: dict[str, tuple[subprocess.Popen[str], IO[str]]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop(0)
            words = [sys.executable, __file__, "--inside", "--target", name, "--seconds", str(share_s)]
            # Not a pipe: who finds much says more than one holds, and would wait for ever.
            said: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the process runs
            running[name] = (subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, text=True), said)
        for name, (process, said) in list(running.items()):
            if process.poll() is not None:
                with said:
                    reports[name] = _report(name, process.returncode, said)
                del running[name]
        time.sleep(0.2)
    return reports


def _report(name: str, code: int, file: IO[str]) -> dict[str, object]:
    file.seek(0)
    text = file.read()
    runs = [
        line.split("number_of_executed_units:")[1]
        for line in text.splitlines()
        if "number_of_executed_units:" in line
    ]
    fault = "" if code == 0 else text[-2000:]
    said: dict[str, object] = {"inputs": int(runs[-1]) if runs else None, "fault": fault}
    print(f"{name}: {said['inputs']} inputs{', FAULT' if fault else ''}", file=sys.stderr)
    return said


def _inside(name: str, seconds: float) -> int:
    import atheris

    with atheris.instrument_imports(include=["devices", "ingest", "cityops"]):
        from tests.fakes.fuzz_targets import run

    def one(data: bytes) -> None:
        run(name, data)

    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            sys.argv[0],
            f"-max_total_time={max(1, round(seconds))}",
            "-max_len=512",
            "-print_final_stats=1",
            f"-artifact_prefix={folder}/",
        ]
        atheris.Setup(arguments, one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
