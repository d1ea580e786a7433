"""``cityops rules late``: what came too late, and what it would have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ops_api.cli_desk import at_desk, to_json
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.wiring_desk import DeskDoor

EXAMPLES = examples("cityops rules late --differs", "cityops rules late --state open --json")


def late(
    state: Annotated[
        Literal["open", "same", "differs", "too_late"] | None, typer.Option(help="Only those that stand so.")
    ] = None,
    differs: Annotated[
        bool,
        typer.Option("--differs", help="Only where something would differ, be it at the first of two looks."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say which readings came too late, which times were played again, and what would differ and why."""
    from cityops.clock import SystemClock
    from ops_api.web import late_view

    async def look(door: DeskDoor) -> tuple[list[dict[str, Any]], list[str]]:
        from ops_api.queries.late import late_windows

        found = await late_windows(door.db, state=state, would_differ=differs or None, limit=limit)
        rows = late_view.rows(found, zone=door.zone, now=door.now, wall_now=SystemClock().now())
        return found, [late_view.text(row) for row in rows]

    found, said = at_desk(look)
    if as_json:
        typer.echo(to_json([{**w, "text": text} for w, text in zip(found, said, strict=True)]))
        return
    for w, text in zip(found, said, strict=True):
        typer.echo(f"{w['late_window_id']:>5}  " + text.replace("\n", "\n       "))
    if not found:
        typer.echo(
            "no reading has come too late" if state is None and not differs else "there is none of these"
        )
