"""``cityops winter`` for lorries: tonight's plan, who is where, a breakdown, a return, cards, the roster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, RequestId, end_with, name_of, through, to_json
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.wiring_cab import CabDoor
    from rules.core.cab.model import Plan
    from rules.winter.fleet.asking import Who

OFFICER = "duty officer"
MISSED = 1

Role = Annotated[str, typer.Option(envvar="CITYOPS_ROLE", help="As what you say it; CITYOPS_ROLE.")]
Seed = Annotated[int, typer.Option(help="Of everything random: the same gives the same plan.")]
Iterations = Annotated[
    int | None, typer.Option(min=0, max=200_000, help="Of the search; 0: only build. Some seconds without.")
]
Lorry = Annotated[
    str, typer.Argument(metavar="LORRY", help="Of the roster, as `cityops winter lorries` names it.")
]


def tonight(
    reason: str, by: str, role: str, seed: int, iterations: int | None, request_id: str | None, as_json: bool
) -> None:
    """Plan tonight; exit status 1 where something asked for is not kept."""

    async def run(door: CabDoor) -> int:
        who = _who(by, role, reason, request_id)
        plan = await door.desk.plan_tonight(who, door.now_s, seed=seed, iterations=_usual(iterations))
        return await _say(door, plan, as_json)

    end_with(at_cab(run))


def breakdown(
    lorry: Lorry,
    reason: Annotated[str, typer.Option(help="Why: it is part of the record.")],
    by: By = "",
    role: Role = OFFICER,
    seed: Seed = 1,
    iterations: Iterations = None,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Take a lorry out of service; what it has not treated goes to the others, from where they are.

    Exit status 1 where something asked for can't be kept any more: it is named.
    """
    _changed("breakdown", lorry, reason, by, role, seed, iterations, request_id, as_json)


def back(
    lorry: Lorry,
    reason: Annotated[str, typer.Option(help="What was done.")] = "",
    by: By = "",
    role: Role = OFFICER,
    seed: Seed = 1,
    iterations: Iterations = None,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Take a lorry back into service, at its depot; it takes its share of what is left of the night."""
    _changed("returned", lorry, reason, by, role, seed, iterations, request_id, as_json)


def lorries(as_json: AsJson = False) -> None:
    """Say where tonight's lorries are: treated, skipped, salt left, when they will be done; and which are out of service."""
    from ops_api import cab_text

    async def run(door: CabDoor) -> None:
        found = await door.desk.situation(door.now_s)
        out = await door.desk.book.out()
        if found is None:
            names = [e.id for e in (await door.desk.roster()).lorry if e.id not in out]
            document = cab_text.out_document(out, reasons=True)
            lines = [f"no plan for tonight yet; lorries: {', '.join(names) or 'none in service'}"]
            lines += cab_text.out_lines(out, door.desk.zone)
            none = {"version": None, "lorries": names, "out_of_service": document}
            typer.echo(to_json(none) if as_json else "\n".join(lines))
            return
        if as_json:
            typer.echo(to_json(cab_text.situation_document(found, out, reasons=True)))
            return
        typer.echo("\n".join(cab_text.situation_lines(found, door.desk.zone, out)))

    at_cab(run)


def card(
    lorry: Lorry,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it: .pdf or .gpx.")
    ],
    version: Annotated[int | None, typer.Option(min=1, help="Of another plan than tonight's newest.")] = None,
) -> None:
    """Write a lorry's card (PDF) or track (GPX 1.1)."""
    if out.suffix not in (".pdf", ".gpx"):
        raise ConfigurationError(f"--out is {out}; allowed: a name that ends in .pdf or .gpx")

    async def run(door: CabDoor) -> None:
        from ops_api.cab_files import card_file

        out.write_bytes(await card_file(door.desk, lorry, version, door.now_s, out.suffix))
        typer.echo(f"{out}: card of {lorry}")

    at_cab(run)


def roster(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="TOML: lorries, barns, settings.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it changes.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Print the lorries that count, or write another roster from FILE: it counts from the next plan on."""
    import msgspec

    from ops_api.fleet_files import decoded
    from rules.core.fleet.roster import Roster, fleet_of, settings_of

    async def run(door: CabDoor) -> None:
        if file is not None:
            new: Roster = decoded(file, Roster)
            roads = await door.desk.roads()
            try:
                fleet_of(new, roads.network, roads.registry.depots)
                settings_of(new)
            except (ValueError, TypeError) as error:
                raise ConfigurationError(f"{file}: {error}") from error
            await door.desk.book.put_roster(new, name_of(by), reason)
        found = await door.desk.roster()
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
            return
        gone = await door.desk.book.out()
        for e in found.lorry:
            hours = "" if e.hours is None else f", {e.hours:g} h"
            usual = f", usually {', '.join(e.routes)}" if e.routes else ""
            why = f" - out of service: {gone[e.id].reason}" if e.id in gone else ""
            typer.echo(f"{e.id}: {e.depot}, {e.salt_t:g} t{hours}{usual}{why}")

    at_cab(run)


def _changed(
    what: str, lorry: str, reason: str, by: str, role: str, seed: int, iterations: int | None,
    request_id: str | None, as_json: bool,
) -> None:  # fmt: skip
    async def run(door: CabDoor) -> int:
        who = _who(by, role, reason, request_id)
        do = door.desk.breakdown if what == "breakdown" else door.desk.returned
        plan = await do(lorry, who, door.now_s, seed=seed, iterations=_usual(iterations))
        if plan is not None:
            return await _say(door, plan, as_json)
        said = "out of service" if what == "breakdown" else "back in service"
        typer.echo(
            to_json({"version": None, "lorry": lorry})
            if as_json
            else f"{lorry} is {said}; tonight has no plan"
        )
        return 0

    end_with(at_cab(run))


def _who(by: str, role: str, reason: str, request_id: str | None) -> Who:
    from rules.winter.fleet.asking import Who

    return Who(name_of(by), role, "cli", reason.strip(), request_id)


def _usual(iterations: int | None) -> int:
    from rules.winter.fleet.service import USUAL_ITERATIONS

    return USUAL_ITERATIONS if iterations is None else iterations


async def _say(door: CabDoor, plan: Plan, as_json: bool) -> int:
    from ops_api import cab_text

    if as_json:
        typer.echo(to_json(cab_text.plan_document(plan)))
    else:
        on = await door.desk.on_roads(plan)
        typer.echo("\n".join(cab_text.plan_lines(plan, on, door.desk.zone)))
    return MISSED if plan.contents.missed else 0


def at_cab(work: Callable[[CabDoor], Awaitable[Any]]) -> Any:
    """Do something at the desk of plans, and return what it returns; refusals end with status 1."""
    from ops_api.wiring_cab import cab_of
    from rules.winter.fleet.ports import NotPlannedError, PlanMovedError

    return through(cab_of, work, (NotPlannedError, PlanMovedError))


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=examples('cityops winter breakdown G2 --reason "gearbox, A603 at the bridge"'))(
        breakdown
    )
    app.command("return", epilog=examples("cityops winter return G2 --reason mended"))(back)
    app.command(epilog=examples("cityops winter lorries", "cityops winter lorries --json"))(lorries)
    app.command(
        epilog=examples("cityops winter card G2 -o g2.pdf", "cityops winter card G2 -o g2.gpx --version 3")
    )(card)
    app.command(
        epilog=examples("cityops winter roster", 'cityops winter roster lorries.toml --reason "new lorry"')
    )(roster)
