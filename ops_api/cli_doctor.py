"""``cityops doctor``: what is wrong with this installation, and the fix."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples

if TYPE_CHECKING:
    from cityops.finding import Finding

EXAMPLES = examples("cityops doctor", "cityops doctor --json | jq .worst")

_MARKS = {
    "ok": ("✓", typer.colors.GREEN),
    "warn": ("!", typer.colors.YELLOW),
    "fail": ("✗", typer.colors.RED),
}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Look for what is wrong with this installation; exit code 1 where something does not work."""
    import asyncio

    from ops_api.doctor import examine_installation

    report = asyncio.run(examine_installation())
    if as_json:
        found = {"worst": report.worst, "findings": [asdict(finding) for finding in report.findings]}
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for finding in report.findings:
            _print(finding)
    if report.worst == "fail":
        raise typer.Exit(1)


def _print(finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    typer.secho(mark, fg=colour, nl=False)
    typer.echo(f" {finding.name:<15} {finding.detail}")
    if finding.fix:
        typer.echo(f"  {'':<15} → {finding.fix}")
