"""The figures of a run, for a person and for a machine."""

from __future__ import annotations

from typing import Any

from firmware_sim.history_check import Verdict
from ops_api.verify.measure import Outcome


def table(outcome: Outcome) -> list[str]:
    """Return the lines of the final table."""
    verdict, settled = outcome.verdict, outcome.settled
    lines = [
        _line("published", verdict.created, "different readings that devices measured"),
        _line("sent", outcome.sent, f"messages, {outcome.resent:,} of them again"),
        _line(
            "PUBACKed by the broker",
            verdict.pubacked,
            f"readings; {outcome.refused:,} messages found no subscriber",
        ),
        _line("received by the server", settled.received, "messages settled in a transaction"),
        _line("committed", verdict.committed, "different readings in the tables"),
        _line("dead-lettered", verdict.dead_lettered, "different readings kept with a reason"),
        _line("duplicates refused", settled.duplicates, "messages that the ledger knew"),
    ]
    lines += must_be_zero(verdict)
    passed = "[green]passed[/]" if outcome.passed else "[red]FAILED[/]"
    lines.append(f"{passed} in {outcome.seconds:.0f} s with {len(outcome.faults)} faults")
    return lines


def must_be_zero(verdict: Verdict) -> list[str]:
    """Return a line for each figure that must be 0, and examples of those that are not."""
    lines = [
        _line("stored twice", verdict.stored_twice, "must be 0", True),
        _line("lost", verdict.lost, "published, not stored: must be 0", True),
        _line("receipted but missing", verdict.receipted_missing, "must be 0", True),
        _line("stored, never published", verdict.never_created, "must be 0", True),
        _line("without a receipt", verdict.unreceipted, "at the end; a device keeps these", True),
    ]
    return lines + [f"  {example}" for example in verdict.examples]


def history_table(verdict: Verdict) -> list[str]:
    """Return the lines for a history alone."""
    return [
        _line("published", verdict.created, "different readings"),
        _line("PUBACKed by the broker", verdict.pubacked, "readings"),
        _line("committed", verdict.committed, "different readings"),
        _line("dead-lettered", verdict.dead_lettered, "different readings"),
        *must_be_zero(verdict),
        "[green]passed[/]" if verdict.passed else "[red]FAILED[/]",
    ]


def figures(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome for JSON."""
    return outcome.as_dict()


def _line(name: str, number: int, remark: str, zero: bool = False) -> str:
    shown = f"{number:>12,}"
    if zero:
        shown = f"[{'green' if number == 0 else 'red'}]{shown}[/]"
    return f"{name:<24}{shown}  [dim]{remark}[/]"
