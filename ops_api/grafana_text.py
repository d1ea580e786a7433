"""What checking and pushing boards found, as text for a person and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboards.check import Finding
    from dashboards.check_sql import Ran
    from dashboards.push import Done

SLOWEST = 5


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        boards, rules: how many were looked at.
        findings: what is wrong with them without a database.
        database: its kind in words, or why no query was run.
        ran: what became of every query; empty where none was run.
    """

    boards: int
    rules: int
    findings: Sequence[Finding]
    database: str
    ran: Sequence[Ran]

    @property
    def failed(self) -> list[Ran]:
        """Queries that failed."""
        return [one for one in self.ran if one.failed]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings and not self.failed


def check_document(report: Report) -> dict[str, Any]:
    """Return a check's report for a program."""
    return {
        "good": report.good,
        "boards": report.boards,
        "alert_rules": report.rules,
        "findings": [asdict(finding) for finding in report.findings],
        "database": report.database,
        "queries": [asdict(one) for one in report.ran],
    }


def check_text(report: Report) -> str:
    """Return a check's report for a person: what is wrong first, then what was looked at."""
    lines = [f"✗ {f.where}: {f.what}  [{f.check}]" for f in report.findings]
    lines += [f"✗ {one.where}: {one.failed}  [sql]" for one in report.failed]
    lines.append(
        f"{report.boards} boards and {report.rules} alert rules: {_count(len(report.findings), 'finding')}"
    )
    if not report.ran:
        lines.append(f"no query was run: {report.database}")
        return "\n".join(lines)
    empty = sum(1 for one in report.ran if one.rows == 0 and not one.failed)
    lines.append(
        f"{len(report.ran)} queries on {report.database}, as the reader: "
        f"{len(report.failed)} failed, {empty} without a row"
    )
    slowest = sorted(report.ran, key=lambda one: -one.took_ms)[:SLOWEST]
    lines.append(
        "slowest: " + "; ".join(f"{one.where} {one.took_ms:.0f} ms, {one.rows} rows" for one in slowest)
    )
    return "\n".join(lines)


def push_line(done: Done, *, dry_run: bool) -> str:
    """Return what became of one thing, for a person."""
    word = done.action
    if dry_run and word not in {"unchanged", "left over"}:
        return f"{done.kind:<13} {done.name:<28} would be {word}"
    hint = "  (--prune removes it)" if word == "left over" else ""
    return f"{done.kind:<13} {done.name:<28} {word}{hint}"


def push_document(done: Sequence[Done], *, grafana: str, dry_run: bool, error: str | None) -> dict[str, Any]:
    """Return what a push did, for a program."""
    return {"grafana": grafana, "dry_run": dry_run, "error": error, "done": [asdict(one) for one in done]}


def push_summary(done: Sequence[Done], *, dry_run: bool) -> str:
    """Return the last line: how many of each."""
    actions = [one.action for one in done]
    counted = [f"{actions.count(action)} {action}" for action in dict.fromkeys(sorted(actions))]
    return ("dry run, nothing was written: " if dry_run else "") + ", ".join(counted)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
