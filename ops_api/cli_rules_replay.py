"""``cityops rules replay``: what any catalogue would have said of stored readings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.rules_replay import Outcome
    from rules.core.parameters import Catalogue
    from rules.replay.runner import Progress

EXAMPLES = examples(
    "cityops rules replay --from 2026-01-09T12:00 --to 2026-01-10T12:00",
    "cityops rules replay --from 2026-01-09 --to 2026-01-10 --catalogue ./colder --diff",
    "cityops rules replay --from 2026-01-09 --to 2026-01-10 --diff --against stored --export night.jsonl",
)
DIFFERS = 4
"""Exit code of --fail-on-difference."""
LINE_EVERY_S = 6 * 3600.0


def replay(
    since: Annotated[str, typer.Option("--from", help="Where to begin: 2026-01-09, 2026-01-09T18:00Z.")],
    until: Annotated[str, typer.Option("--to", help="Where to end.")],
    catalogue: Annotated[
        Path | None, typer.Option(help="Folder of the catalogue to run; the live one without.")
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Say what differs from --against.")] = False,
    against: Annotated[
        str, typer.Option(help="live (the live catalogue is run too), stored (the tables), or a folder.")
    ] = "",
    export: Annotated[Path | None, typer.Option(help="Write everything there: .jsonl, or .csv.")] = None,
    warm_up: Annotated[float, typer.Option(min=0.0, max=336.0, help="Hours played beforehand.")] = 12.0,
    fail_on_difference: Annotated[
        bool, typer.Option("--fail-on-difference", help="Exit code 4 where anything differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Run a catalogue over the readings in the database; nothing is written there, nobody is told.

    Readings come in order of time, overrides as they were then, devices and places as they are now.
    --diff says which alarms and decisions differ, the treatments saved and the risks taken. Against
    the live catalogue where one is given, else against the tables.
    """
    import asyncio

    from cityops.settings import load_settings
    from ops_api.rules_replay import ReplayPlan, play
    from ops_api.wiring_catalogue import readings_of, town_of

    from_s, to_s = moment(since, "--from"), moment(until, "--to")
    if from_s >= to_s:
        raise ConfigurationError(f"--from {since} must be before --to {until}")
    settings = load_settings()
    source, town = readings_of(settings), asyncio.run(town_of(settings))
    chosen = town.live if catalogue is None else _folder(catalogue)
    other = _against(against or ("stored" if catalogue is None else "live")) if diff else None
    plan = ReplayPlan(from_s, to_s, chosen, other, warm_up * 3600.0)
    with _progress(from_s - plan.warm_up_s, to_s, quiet=as_json) as progress:
        outcome = play(plan, source, town, progress)
    _tell(outcome, export, as_json)
    if fail_on_difference and outcome.differences:
        raise typer.Exit(DIFFERS)


def moment(text: str, option: str) -> float:
    """Return the time in ``text`` [s since 1970]; UTC where it names no offset.

    Raises:
        ConfigurationError: it is no time.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as e:
        raise ConfigurationError(
            f"{option} {text!r} is no time: write 2026-01-09 or 2026-01-09T18:00Z"
        ) from e
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def _folder(folder: Path) -> Catalogue:
    from rules.catalogue.loader import load

    return load(folder)


def _against(text: str) -> str | Catalogue:
    return text if text in ("live", "stored") else _folder(Path(text))


@contextmanager
def _progress(from_s: float, to_s: float, *, quiet: bool) -> Iterator[Progress | None]:
    """Show how far it is: a bar on a terminal, else a line every six hours played."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(to_s - from_s, from_s) as told:
            yield told
    else:
        yield _lines()


@contextmanager
def _bar(length_s: float, from_s: float) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[n]:,} readings"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("playing", total=length_s, n=0)
        yield lambda at_s, n: bar.update(task, completed=at_s - from_s, n=n)


def _lines() -> Progress:
    told = [0.0]

    def tell(at_s: float, n: int) -> None:
        if at_s // LINE_EVERY_S > told[0]:
            told[0] = at_s // LINE_EVERY_S
            at = datetime.fromtimestamp(at_s, UTC)
            typer.echo(f"played to {at:%Y-%m-%d %H:%M}, {n:,} readings", err=True)

    return tell


def _tell(outcome: Outcome, export: Path | None, as_json: bool) -> None:
    from ops_api import rules_text
    from rules.replay.export import export as write
    from rules.replay.export import records

    differences = outcome.differences or ()
    if export is not None:
        said = partial(rules_text.treatment_words, names=outcome.names)
        n = write(export, records(outcome.found, differences, outcome.saved, said))
        typer.echo(f"{n:,} records in {export}", err=True)
    if as_json:
        typer.echo(json.dumps(_document(outcome), indent=2, ensure_ascii=False))
        return
    lines = list(rules_text.replay_lines(outcome.found))
    if outcome.differences is not None:
        lines += rules_text.diff_lines(outcome.differences)
    if outcome.saved is not None:
        lines += rules_text.treatment_lines(outcome.saved, outcome.names)
    typer.echo("\n".join(lines))


def _document(outcome: Outcome) -> dict[str, Any]:
    import msgspec

    from ops_api import rules_text

    found: dict[str, Any] = msgspec.to_builtins(outcome.found)
    del found["spells"]
    if outcome.differences is not None:
        found["differences"] = msgspec.to_builtins(list(outcome.differences))
    if outcome.saved is not None:
        runs, km, kg = outcome.saved.total
        totals = {"runs": runs, "km": km, "salt_kg": kg, "text": rules_text.risks_in_short(outcome.saved)}
        found["treatments"] = {**totals, **msgspec.to_builtins(outcome.saved)}
        found["names"] = dict(outcome.names)
    return found
