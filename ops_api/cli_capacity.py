"""``cityops capacity``: what a fleet needs of machines and disks."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import inf
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.capacity.plan import Part

EXAMPLES = examples(
    "cityops capacity --devices frog=10000 --devices bin=2000 --devices road=200@300",
    "cityops capacity --devices frog=500@600 --years 2 --json | jq .memory_gb",
    "cityops capacity --sources      # the figures behind it",
)


def capacity(
    devices: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=NUMBER[@SECONDS]",
            help="Devices of a kind, and how often each reports; may be repeated.",
        ),
    ] = None,
    years: Annotated[float, typer.Option(min=0.01, max=100, help="How long readings are kept.")] = 2.0,
    sources: Annotated[
        bool, typer.Option("--sources", help="Say where each figure was measured, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say what a fleet needs: messages, rows, disk, cores, memory, back-ups.

    Arithmetic on costs measured on two shared virtual cores: a start for an order, not a promise. Without SECONDS a kind
    reports as often as its declaration says.
    """
    from cityops.errors import ConfigurationError
    from ops_api.capacity import text
    from ops_api.capacity.plan import plan

    if sources:
        typer.echo(text.sources())
        return
    if not years < inf:  # not a number passes the option's own limits
        raise ConfigurationError("--years: a number of years")
    found = plan(
        [_part(words) for words in devices or ["frog=1000", "road=60", "weather=4", "bin=400"]], years
    )
    typer.echo(json.dumps(asdict(found), indent=2) if as_json else text.as_text(found, years))


def _part(words: str) -> Part:
    from cityops.errors import ConfigurationError
    from cityops.settings import load_settings
    from ops_api.capacity.plan import Part
    from ops_api.wiring import kinds_of

    kinds = kinds_of(load_settings())
    name, _, rest = words.partition("=")
    number, _, seconds = rest.partition("@")
    if name not in kinds:
        raise ConfigurationError(f"--devices {words!r}: no kind {name!r}; kinds: {', '.join(sorted(kinds))}")
    try:
        cadence_s = float(seconds) if seconds else float(kinds[name].cadence_s)
        part = Part(name, int(number), cadence_s, len(kinds[name].fields))
    except ValueError as error:
        raise ConfigurationError(f"--devices {words!r}: write KIND=NUMBER or KIND=NUMBER@SECONDS") from error
    if part.devices < 1 or not 0 < part.cadence_s < inf:
        raise ConfigurationError(f"--devices {words!r}: at least one device, and more than 0 seconds")
    return part
