"""What the commands of people at the desk share: who they are, the database, JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cityops.errors import ConfigurationError

if TYPE_CHECKING:
    from cityops.settings import Settings
    from ops_api.wiring_desk import DeskDoor

Door = TypeVar("Door")
Result = TypeVar("Result")

By = Annotated[
    str,
    typer.Option(envvar="CITYOPS_OPERATOR", help="Who you are; CITYOPS_OPERATOR, else the login's name."),
]


def _named(text: str | None) -> str | None:
    from ops_api.request_ids import request_id_of

    try:
        return None if text is None else request_id_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


RequestId = Annotated[
    str | None,
    typer.Option(
        "--request-id", metavar="TEXT", callback=_named, help="Of a script: sent twice it is done once."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


def name_of(by: str) -> str:
    """Return who asks: what was given, else the name of the login.

    Raises:
        ConfigurationError: there is neither.
    """
    import getpass

    if by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError) as e:
        raise ConfigurationError("who are you? Give --by NAME or set CITYOPS_OPERATOR") from e


def through(
    opened: Callable[[Settings], AbstractAsyncContextManager[Door]],
    work: Callable[[Door], Awaitable[Result]],
    refusals: tuple[type[Exception], ...] = (),
) -> Result:
    """Do something behind a door that the settings open, and return what it returns.

    Args:
        opened: opens the door and closes it again.
        work: what is done there.
        refusals: what the desk raises where it says no: told in words, exit status 1.

    Raises:
        typer.Exit: the desk said no.
    """
    import asyncio

    from cityops.settings import load_settings

    async def run() -> Result:
        async with opened(load_settings()) as door:
            return await work(door)

    try:
        return asyncio.run(run())
    except refusals as error:
        typer.echo(f"not done: {error}", err=True)
        raise typer.Exit(1) from None


def at_desk(work: Callable[[DeskDoor], Awaitable[Any]]) -> Any:
    """Do something with the settings' database, and return what it returns. Raises as :func:`desk_of`."""
    from ops_api.wiring_desk import desk_of

    return through(desk_of, work)


def end_with(status: int) -> None:
    """End the command with an exit status; with 0 go on."""
    if status != 0:
        raise typer.Exit(status)


def to_json(document: Any) -> str:
    """Return rows as JSON, times as ISO 8601 in UTC."""

    def moment(value: object) -> str:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        assert isinstance(value, datetime)
        return value.astimezone(UTC).isoformat()

    return json.dumps(document, indent=2, ensure_ascii=False, default=moment)
