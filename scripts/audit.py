"""Ask whether anything that the locks name has a published hole: ``make audit``.

Exit code 0: all were looked up and none has, but for those allowed until a day that has not come
(``requirements/audit-allowed.toml``). 1: one has. 75: some could not be looked up, which is not the same as clean: an
advisory service that is not reached, or a mirror without advisories, of which pip-audit itself says nothing and ends with 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKS = ("dev.lock", "grafana.lock", "build.lock", "uv.lock")
"""What is installed anywhere: the development's lock has all that a server's has."""
ALLOWED = ROOT / "requirements" / "audit-allowed.toml"
CLEAN, FOUND, NOT_ASKED = 0, 1, 75
SHOWN = 5


@dataclass(frozen=True)
class Verdict:
    """What is said of a report."""

    code: int
    lines: tuple[str, ...]


def main(arguments: Sequence[str]) -> int:
    """Ask and say; further arguments go to pip-audit (``-s osv``)."""
    verdict = judge(_asked(arguments), tomllib.loads(ALLOWED.read_text("utf-8")), datetime.now(UTC).date())
    print(*verdict.lines, sep="\n", file=sys.stderr if verdict.code else sys.stdout)
    return verdict.code


def judge(report: Mapping[str, Any] | None, allowed: Mapping[str, Any], today: date) -> Verdict:
    """Return what a report of pip-audit means; None: there is none."""
    if report is None or not report.get("dependencies"):
        return Verdict(
            NOT_ASKED,
            ("audit: NOT AUDITED: no advisory service answered. This says nothing of the libraries.",),
        )
    packages = report["dependencies"]
    skipped = [p["name"] for p in packages if "skip_reason" in p]
    found = [(p, v) for p in packages for v in p.get("vulns", ()) if not _is_allowed(v, allowed, today)]
    lines = [_line(p, v) for p, v in found]
    if skipped:
        few = ", ".join(skipped[:SHOWN]) + (", …" if len(skipped) > SHOWN else "")
        lines.append(f"audit: NOT AUDITED: {len(skipped)} of {len(packages)} could not be looked up ({few}).")
    if found:
        return Verdict(
            FOUND,
            (*lines, f"audit: {len(found)} published holes. Update, or allow one with a day and a reason."),
        )
    if skipped:
        return Verdict(NOT_ASKED, tuple(lines))
    return Verdict(CLEAN, (f"audit: {len(packages)} libraries looked up, none has a published hole.",))


def _is_allowed(hole: Mapping[str, Any], allowed: Mapping[str, Any], today: date) -> bool:
    names = {hole["id"], *hole.get("aliases", ())}
    return any(a["id"] in names and a["until"] >= today for a in allowed.get("allowed", ()))


def _line(package: Mapping[str, Any], hole: Mapping[str, Any]) -> str:
    mended = ", ".join(hole.get("fix_versions", ())) or "no version yet"
    return f"audit: {package['name']} {package['version']}: {hole['id']}; mended in {mended}"


def _asked(arguments: Sequence[str]) -> Mapping[str, Any] | None:
    """Return what pip-audit reports; None where it ends without a report."""
    locks = [word for lock in LOCKS for word in ("-r", str(ROOT / "requirements" / lock))]
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner",
        "off",
        "-f",
        "json",
    ]
    done = subprocess.run([*command, *locks, *arguments], capture_output=True, text=True, check=False)
    try:
        report: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(done.stderr.strip()[-500:], file=sys.stderr)
        return None
    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
