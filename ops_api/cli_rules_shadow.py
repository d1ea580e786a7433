"""``cityops rules shadow``: another catalogue beside the live one, seen and silent."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.queries.shadow import ShadowState, Sides
    from ops_api.wiring_shadow import ShadowParts

T = TypeVar("T")

By = Annotated[str, typer.Option(help="Who decides it.")]
Reason = Annotated[str, typer.Option(help="Why.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]

WORD = "shadow"
"""What `cityops rules promote` calls the catalogue in shadow."""
DIFFERS = 4
"""Exit code of --fail-on-difference."""

app = group(
    "Another catalogue beside the live one: what it would raise and decide is seen, and nobody is told."
)


@app.command(
    epilog=examples(
        "cityops rules shadow start ./colder --by 'A. Officer' --reason 'as Lancashire does'",
        "cityops rules shadow start 3 --by 'A. Officer' --reason 'once more, this winter'",
    )
)
def start(
    what: Annotated[
        str,
        typer.Argument(
            help="Folder of TOML files, or the number of a stored catalogue.", metavar="DIR|NUMBER"
        ),
    ],
    by: By,
    reason: Reason,
) -> None:
    """Run a catalogue in shadow, one at a time: rules that run take it up within seconds.

    It begins where the live rules stand, with their memory and the alarms that are up. A catalogue
    that is in shadow already begins anew.
    """
    from ops_api.cli_catalogues import usable

    who = named(by, reason)
    is_stored = what.isdecimal()  # a folder of that name is ./3
    files, label = ({}, "") if is_stored else (usable(Path(what)), Path(what).resolve().name)

    async def work(parts: ShadowParts) -> str:
        put = parts.catalogues.put
        number = await (_stored(parts, int(what)) if is_stored else put(files, label, *who))
        chosen = await parts.choice.start(number, *who)
        return f"catalogue {chosen.catalogue_id} ({chosen.label}) is in shadow: `cityops rules shadow status`"

    typer.echo(with_shadow(work))


@app.command(epilog=examples("cityops rules shadow stop --by 'A. Officer' --reason 'seen enough'"))
def stop(by: By, reason: Reason) -> None:
    """End the shadow. What it found is dropped: `cityops rules shadow diff --export FILE` keeps it."""
    who = named(by, reason)

    async def work(parts: ShadowParts) -> str:
        ended = await parts.choice.stop(*who)
        if ended is None:
            raise ConfigurationError("no catalogue is in shadow")
        return f"catalogue {ended.catalogue_id} ({ended.label}) is no longer in shadow"

    typer.echo(with_shadow(work))


@app.command(epilog=examples("cityops rules shadow status", "cityops rules shadow status --json"))
def status(as_json: AsJson = False) -> None:
    """Say which catalogue is in shadow, where it stands, and whether it is paused."""
    import msgspec

    from ops_api.queries.shadow import shadow_state
    from ops_api.shadow_text import status_lines

    state = with_shadow(lambda parts: shadow_state(parts.db))
    text = json.dumps(msgspec.to_builtins(state), indent=2, ensure_ascii=False)
    typer.echo(text if as_json else "\n".join(status_lines(state)))


@app.command(
    epilog=examples(
        "cityops rules shadow diff",
        "cityops rules shadow diff --export shadow.csv",
        "cityops rules shadow diff --json",
    )
)
def diff(
    export: Annotated[Path | None, typer.Option(help="Write everything there: .jsonl, or .csv.")] = None,
    fail_on_difference: Annotated[
        bool, typer.Option("--fail-on-difference", help="Exit code 4 where anything differs.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what live rules and shadow have raised and decided since it began, and what differs.

    For treatments saved and risks taken: `cityops rules replay --diff` over the same time.
    """
    from ops_api import shadow_text

    state, sides = with_shadow(_look)
    if state is None:
        raise ConfigurationError("no catalogue is in shadow")
    if export is not None and sides is not None:
        typer.echo(f"{_export(export, sides):,} records in {export}", err=True)
    if as_json:
        typer.echo(json.dumps(shadow_text.document(state, sides), indent=2, ensure_ascii=False))
    else:
        lines = ["It has judged nothing yet."] if sides is None else shadow_text.side_lines(sides)
        typer.echo("\n".join([*shadow_text.status_lines(state), *lines]))
    if fail_on_difference and sides is not None and sides.differences:
        raise typer.Exit(DIFFERS)


def promote(by: str, reason: str) -> str:
    """Make the catalogue in shadow the live one, which ends the shadow; return what was done.

    Raises:
        ConfigurationError: none is, or this version of the software can't read it.
    """

    async def work(parts: ShadowParts) -> str:
        from rules.catalogue.rulebook import readable

        chosen = await parts.choice.chosen()
        stored = None if chosen is None else await parts.catalogues.find(chosen.catalogue_id)
        if stored is None:
            raise ConfigurationError("no catalogue is in shadow")
        readable(stored)
        done = await parts.choice.promote(by, reason)
        if done is None:
            raise ConfigurationError("no catalogue is in shadow")
        return f"catalogue {done.catalogue_id} ({done.label}) is live, and no longer in shadow"

    return with_shadow(work)


def named(by: str, reason: str) -> tuple[str, str]:
    """Return who and why, without blanks around.

    Raises:
        ConfigurationError: one of them is empty.
    """
    if not by.strip() or not reason.strip():
        raise ConfigurationError("--by and --reason can't be empty: whoever asks later must find them")
    return by.strip(), reason.strip()


def with_shadow(work: Callable[[ShadowParts], Awaitable[T]]) -> T:
    """Run ``work`` on the shadow of this installation's database."""
    from ops_api.wiring_shadow import shadow_of

    return through(shadow_of, work)


async def _stored(parts: ShadowParts, catalogue_id: int) -> int:
    """Return the number of a stored catalogue that this version of the software can read."""
    from rules.catalogue.rulebook import readable

    stored = await parts.catalogues.find(catalogue_id)
    if stored is None:
        raise ConfigurationError(f"there is no catalogue {catalogue_id}: see `cityops rules history`")
    readable(stored)
    return catalogue_id


async def _look(parts: ShadowParts) -> tuple[ShadowState | None, Sides | None]:
    from ops_api.queries.shadow import shadow_sides, shadow_state

    state = await shadow_state(parts.db)
    return state, None if state is None else await shadow_sides(parts.db, state)


def _export(path: Path, sides: Sides) -> int:
    from ops_api import rules_text
    from rules.replay.export import export, records

    said = partial(rules_text.treatment_words, names=sides.names)
    return export(path, records(sides.shadow, sides.differences, None, said))
