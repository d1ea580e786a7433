"""``cityops housing``: homes that are shared with the housing team by risk, with the clocks of cases; wards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, name_of, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.settings import Settings
    from ops_api.wiring_housing import HousingDoor

app = group(
    "Housing: homes that are shared with the team by risk, clocks of the council's cases, homes at risk by ward."
)


@app.command(
    "list",
    epilog=examples(
        "cityops housing list --purpose 'Whom to visit tomorrow'",
        "cityops housing list --purpose 'Night duty' --risk high --json",
    ),
)
def list_homes(
    purpose: Annotated[str, typer.Option(help="Why you look: each household reads it in its log.")],
    risk: Annotated[str, typer.Option(help="Only homes of this risk: high, raised, low, unknown.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """List homes that are shared, the worst first, and the clocks of the council's cases, overdue ones first.

    Who looks and why is written into the log of every household that is listed.
    """
    from ops_api.housing.documents import document
    from ops_api.housing.listing import RISKS, Wanted
    from ops_api.housing.reading import read
    from ops_api.housing_text import list_lines
    from ops_api.queries.housing import NAME_MOST, PURPOSE_MOST, Asks

    who = name_of(by)
    if not purpose.strip() or len(purpose) > PURPOSE_MOST or len(who) > NAME_MOST:
        raise ConfigurationError(f"--purpose: 1 to {PURPOSE_MOST} characters; --by: at most {NAME_MOST}")
    if risk not in ("", *RISKS):
        raise ConfigurationError(f"--risk {risk!r} is unknown; risks: {', '.join(RISKS)}")

    async def run(door: HousingDoor, _: Settings) -> None:
        found = await read(
            door.db, Asks(who, purpose.strip()), "terminal", door.now, door.town, door.law, door.days
        )
        shown = Wanted(risk=risk).of(found.homes)
        if as_json:
            typer.echo(to_json(document(shown, found)))
            return
        typer.echo("\n".join(list_lines(shown, found)))

    _at_homes(run)


@app.command(epilog=examples("cityops housing wards", "cityops housing wards --json"))
def wards(as_json: AsJson = False) -> None:
    """Print homes at risk by ward, as far as nobody can be found in it."""

    async def run(door: HousingDoor, settings: Settings) -> None:
        from ops_api.housing.wards import ward_document
        from ops_api.housing_text import ward_lines
        from ops_api.queries.housing import ward_counts

        document = ward_document(await ward_counts(door.db), settings.housing.map_min_count)
        typer.echo(to_json(document) if as_json else "\n".join(ward_lines(document)))

    _at_homes(run)


def _at_homes(work: Callable[[HousingDoor, Settings], Awaitable[Any]]) -> None:
    import asyncio

    from cityops.settings import load_settings
    from ops_api.wiring_housing import housing_of

    async def run() -> None:
        settings = load_settings()
        async with housing_of(settings) as door:
            await work(door, settings)

    asyncio.run(run())
