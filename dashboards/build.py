"""Boards to JSON files, the same bytes every time; and the check that none has drifted."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from cityops.errors import ConfigurationError
from dashboards import alerts_files, boards
from dashboards.board import BoardSpec, assemble
from dashboards.names import BOARDS

SCHEMA_VERSION = 42
"""Dashboard schema of Grafana 12.4 and 13.x, which the pinned SDK writes."""


def specs() -> tuple[BoardSpec, ...]:
    """Return every board module's ``BOARD``, by file name."""
    modules = sorted(m.name for m in pkgutil.iter_modules(boards.__path__))
    return tuple(importlib.import_module(f"dashboards.boards.{name}").BOARD for name in modules)


def render() -> Mapping[str, str]:
    """Return the JSON text of every board by file name."""
    files = {}
    for spec in specs():
        # Twice through JSON: the SDK's objects give their keys in their own order.
        plain = json.loads(JSONEncoder().encode(assemble(spec)))
        if plain.get("schemaVersion") != SCHEMA_VERSION:
            raise ConfigurationError(
                f"grafana-foundation-sdk writes schemaVersion {plain.get('schemaVersion')}, not {SCHEMA_VERSION}:"
                " install grafana-foundation-sdk==0.0.21 (a newer-looking 1769699998!10.1.0 is for Grafana 10)"
            )
        files[f"{spec.uid}.json"] = json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return files


def build(*, check: bool = False, folder: Path = BOARDS) -> list[str]:
    """Write the boards, or only report where the files differ from the code.

    Args:
        check: change nothing.
        folder: where the JSON files are.

    Returns:
        One line per file that differed: ``<file>: changed | missing | not a board``.
    """
    wanted = render()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    drift = [f"{name}: not a board" for name in sorted(present.keys() - wanted.keys())]
    for name, body in wanted.items():
        if present.get(name) != body:
            drift.append(f"{name}: {'changed' if name in present else 'missing'}")
    if not check:
        _write(folder, wanted, present.keys() - wanted.keys())
    return drift


def _write(folder: Path, wanted: Mapping[str, str], stale: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (folder / name).unlink()
    for name, body in wanted.items():
        (folder / name).write_text(body, encoding="utf-8")


def main() -> int:
    """``python -m dashboards.build [--check]``: write, or exit 1 where files have drifted."""
    check = "--check" in sys.argv[1:]
    drift = build(check=check) + alerts_files.build(check=check)
    print("\n".join(drift) or "boards are up to date")
    if check and drift:
        print("run `python -m dashboards.build` and commit dashboards/generated and dashboards/provisioning")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
