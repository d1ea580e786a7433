"""``cityops winter verify``: how a night, or a season, did."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, name_of, to_json
from ops_api.cli_help import examples
from ops_api.cli_winter import at_winter

if TYPE_CHECKING:
    from ops_api.wiring_winter import WinterDoor


EXAMPLES = examples(
    "cityops winter verify 2026-01-09              # the night that began on this day, worked out and kept",
    "cityops winter verify season --from 2025-10-01 --to 2026-04-30",
    "cityops winter verify 2026-01-09 --json",
)


def verify(
    what: Annotated[
        str, typer.Argument(metavar="NIGHT|season", help="The day on which the night began, or `season`.")
    ],
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="First night of the season; 1 October without."),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", metavar="DAY", help="Last night of the season; the last one without."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep/--dry", help="Whether the night's score is kept.")] = True,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Say how forecasts, decisions and the service did: hits and misses, errors by lead, what was treated in time.

    A night is worked out from what is stored and kept; made again it is kept beside, and the newest counts. The service does
    it itself when the night is over. Where something that it needs is no longer kept, the score that is kept stays.
    """
    from ops_api.moments import a_day

    if what != "season":
        if first is not None or last is not None:
            raise ConfigurationError("--from and --to belong to `verify season`")
        night = a_day(what, "NIGHT")
        at_winter(lambda door: _night(door, night, keep, name_of(by), as_json))
        return
    days = tuple(None if d is None else a_day(d, n) for d, n in ((first, "--from"), (last, "--to")))
    at_winter(lambda door: _season(door, days[0], days[1], as_json))


async def _night(door: WinterDoor, night: date, keep: bool, by: str, as_json: bool) -> None:
    from ops_api import scores_text
    from ops_api.web.winter_verify import judged_from
    from rules.core.winter_nights import span_s
    from rules.core.winter_scores.facts import ScoreParameters
    from rules.core.winter_scores.night import score

    from_s, to_s = span_s(night, door.zone)
    if door.now_s < from_s:
        raise ConfigurationError(f"the night of {night} has not begun")
    if keep and door.now_s < judged_from(night, door.zone).timestamp():
        raise ConfigurationError(
            f"the night of {night} can be judged from 10:00 in its morning; --dry says how it stands"
        )
    facts = await door.scores.facts(night, from_s, to_s)
    if keep and (gone := facts.passes_gone or facts.roads_gone) and await door.scores.kept(night) is not None:
        raise ConfigurationError(
            f"the score of {night} is kept from when more was known: {gone} --dry says what can still be worked out"
        )
    found = score(facts, door.zone, ScoreParameters())
    if keep:
        await door.scores.put(found, by)
    typer.echo(
        to_json(scores_text.night_document(found))
        if as_json
        else "\n".join(scores_text.night_lines(found, door.zone))
    )
    if door.now_s < to_s and not as_json:
        typer.echo("the night is not over: make it again in the morning")


async def _season(door: WinterDoor, first: date | None, last: date | None, as_json: bool) -> None:
    from ops_api import scores_text
    from rules.core.winter_nights import night_of, season_of
    from rules.core.winter_scores.season import season

    until = last or night_of(door.now_s, door.zone)
    since = first or season_of(until)
    if until < since:
        raise ConfigurationError(f"the season ends on {until}, before it begins on {since}")
    found = season(await door.scores.nights(since, until))
    typer.echo(
        to_json(scores_text.season_document(found)) if as_json else "\n".join(scores_text.season_lines(found))
    )
