"""``cityops work``: devices that need a look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, at_desk, name_of, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.queries import Row
    from ops_api.wiring_desk import DeskDoor

app = group("Devices that need a look: list them, take one, write down, done.")

WorkId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, metavar="ID", help="From `cityops work list`.")]


@app.command(
    "list",
    epilog=examples(
        "cityops work list",
        "cityops work list --mine kim",
        "cityops work list --rule quality.battery --json",
    ),
)
def list_items(
    state: Annotated[Literal["open", "done", "all"], typer.Option(help="Whether it is done.")] = "open",
    mine: Annotated[str | None, typer.Option("--mine", help="Only what this person has.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only of this rule, e.g. quality.battery.")] = None,
    device: Annotated[str | None, typer.Option(help="Only of this device.")] = None,
    as_json: AsJson = False,
) -> None:
    """List items, those that are due first."""
    from ops_api import work_text

    async def look(door: DeskDoor) -> list[Row]:
        from ops_api.queries.work import work_items

        return await work_items(door.db, state, assignee=mine, rule_id=rule, device=device)

    rows, door = _with_items(look)
    typer.echo(to_json(rows) if as_json else "\n".join(work_text.list_lines(rows, door.zone)))


@app.command(epilog=examples("cityops work show 12", "cityops work show 12 --json"))
def show(work_item_id: WorkId, as_json: AsJson = False) -> None:
    """Print one item and what happened to it."""

    async def look(door: DeskDoor) -> Row:
        from ops_api.queries.work import work_item

        return await work_item(door.db, work_item_id)

    _show(look, as_json)


@app.command(
    epilog=examples("cityops work assign 12 --to kim", "cityops work assign 12 --to ''   # give it back")
)
def assign(
    work_item_id: WorkId,
    to: Annotated[str, typer.Option(help="Who does it; empty gives it back.")],
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Say who does it."""

    async def change(door: DeskDoor) -> Row:
        from ops_api.queries import work

        return await work.assign(door.db, work_item_id, to, by=name_of(by), via="cli", at=door.now)

    _show(change, as_json)


@app.command(epilog=examples("cityops work note 12 'Ladder needed'"))
def note(
    work_item_id: WorkId,
    text: Annotated[str, typer.Argument(help="What to write down.")],
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Write something down."""
    if not text.strip():
        raise ConfigurationError("there is nothing to write down")

    async def change(door: DeskDoor) -> Row:
        from ops_api.queries import work

        return await work.add_note(door.db, work_item_id, text, by=name_of(by), via="cli", at=door.now)

    _show(change, as_json)


@app.command(epilog=examples("cityops work done 12 --note 'New battery'"))
def done(
    work_item_id: WorkId,
    note: Annotated[str, typer.Option(help="What was done.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Mark an item as done. Where its cause stays, another one is opened after two days."""

    async def change(door: DeskDoor) -> Row:
        from ops_api.queries import work

        return await work.finish(door.db, work_item_id, by=name_of(by), note=note, via="cli", at=door.now)

    _show(change, as_json)


def _with_items(work: Callable[[DeskDoor], Awaitable[Any]]) -> Any:
    async def run(door: DeskDoor) -> tuple[Any, DeskDoor]:
        from ops_api.queries.work import NoWorkItemError, WorkDoneError

        try:
            return await work(door), door
        except (NoWorkItemError, WorkDoneError) as e:
            raise ConfigurationError(str(e).rstrip(".")) from e

    return at_desk(run)


def _show(work: Callable[[DeskDoor], Awaitable[Row]], as_json: bool) -> None:
    from ops_api import work_text

    item, door = _with_items(work)
    typer.echo(to_json(item) if as_json else "\n".join(work_text.show_lines(item, door.zone, door.now)))
