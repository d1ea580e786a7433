"""``cityops fleet update``: rolling a bundle out, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api import cli_fleet_bundle
from ops_api.cli_desk import AsJson, By, name_of, through, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.updates_door import Change
    from ops_api.wiring_updates import UpdatesAtHand

app = group("Roll-outs of a bundle: start, status, halt, resume, cancel, pin. See docs/updates.md.")
Number = Annotated[int, typer.Argument(metavar="ROLLOUT", help="Its number, as status shows it.")]
Why = Annotated[str, typer.Option("--reason", help="Why.")]
Device = Annotated[str, typer.Argument(metavar="DEVICE", help="Its name in the registry.")]


def add_to(fleet: typer.Typer) -> None:
    """Add the commands of updates to ``cityops fleet``."""
    fleet.add_typer(app, name="update")
    fleet.add_typer(cli_fleet_bundle.app, name="bundle")


@app.command(
    epilog=examples(
        "cityops fleet update start 1.4.0 --device frog-0001 --stages 100%        # try it on one",
        "cityops fleet update start 1.4.0 --kind frog --stages 1%,10%:24h,100% --halt-at 5%",
        "cityops fleet update start 1.4.0 --group north --stages 5,100%",
    )
)
def start(
    bundle: Annotated[
        str, typer.Argument(metavar="BUNDLE", help="Its version, serial, or the beginning of its id.")
    ],
    stages: Annotated[
        str, typer.Option(help="Shares or counts of devices, rising; each may say how long to wait: 10%:24h.")
    ] = "1%,10%,100%",
    halt_at: Annotated[
        str, typer.Option(help="Halt where more than this share fails, with 95 % certainty.")
    ] = "5%",
    halt_least: Annotated[int, typer.Option(min=1, help="... and at least so many.")] = 2,
    soak_s: Annotated[float, typer.Option(min=0, help="Wait after a stage that does not say [s].")] = 3600.0,
    tries: Annotated[int, typer.Option(min=1, max=10, help="How often a device is offered it.")] = 2,
    abreast: Annotated[
        int | None, typer.Option(min=1, help="So many devices at most are at it at once.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Of this kind; may be given again.")
    ] = None,
    in_group: Annotated[
        list[str] | None, typer.Option("--group", help="Of this group; may be given again.")
    ] = None,
    device: Annotated[
        list[str] | None, typer.Option("--device", help="This one; may be given again.")
    ] = None,
    by: By = "",
) -> None:
    """Begin to roll a bundle out. The fleet service offers it to devices, one stage after the other."""
    import json

    from ingest.fleet.core.reach import why_nobody
    from ingest.fleet.updates.ports import By as Who
    from ops_api.audit.by_command import note
    from ops_api.updates_door import Wanted
    from ops_api.wiring_updates import start_of

    wanted = Wanted(
        bundle=bundle,
        stages=stages,
        halt_at=halt_at,
        halt_least=halt_least,
        tries=tries,
        soak_s=soak_s,
        abreast=abreast,
        kinds=kind or (),
        groups=in_group or (),
        devices=device or (),
    )

    async def work(at: UpdatesAtHand) -> tuple[int, dict[str, int]]:
        number = await at.acts.start(await start_of(at.acts, wanted, at.kinds), Who(name_of(by), "cli"))
        reach = await at.acts.reach(number)
        await note(at.db, "fleet update start", f"rollout:{number}", json.dumps({"reach": reach}))
        return number, reach

    number, reach = _at(work)
    typer.echo(f"roll-out {number} has begun; cityops fleet update status shows it")
    if nobody := why_nobody(reach):
        typer.echo(f"! {nobody}. It halts by itself.", err=True)


@app.command(
    epilog=examples(
        "cityops fleet update status", "cityops fleet update status 3", "cityops fleet update status --json"
    )
)
def status(
    number: Annotated[
        int | None, typer.Argument(metavar="ROLLOUT", help="This one alone, with its devices that failed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how roll-outs stand, and what devices run."""
    from ops_api import updates_text

    async def work(at: UpdatesAtHand) -> dict[str, Any]:
        rollouts = await at.db.rows("rollouts", rollout_id=number, limit=20)
        if number is not None and not rollouts:
            raise ConfigurationError(f"there is no roll-out {number}")
        if number is None:
            return {
                "rollouts": rollouts,
                "versions": await at.db.rows("update_versions"),
                "pins": await at.db.rows("update_pins"),
            }
        failed = await at.db.rows("rollout_devices", rollout_id=number, state="failed", limit=100)
        reasons = await at.db.rows("rollout_reasons", rollout_id=number)
        return {"rollouts": rollouts, "failed": failed, "reasons": reasons}

    found = _at(work)
    typer.echo(to_json(found) if as_json else "\n".join(updates_text.status_lines(found)))


@app.command(epilog=examples("cityops fleet update halt 3 --reason 'calls about silent frogs'"))
def halt(number: Number, reason: Why = "", by: By = "") -> None:
    """Offer it to no more devices; those that have not begun to run it leave it."""
    _change(number, "halted", reason, by)


@app.command(epilog=examples("cityops fleet update resume 3"))
def resume(number: Number, reason: Why = "", by: By = "") -> None:
    """Let a halted roll-out go on; what failed so far no longer counts."""
    _change(number, "resumed", reason, by)


@app.command(epilog=examples("cityops fleet update cancel 3 --reason 'superseded by 1.4.1'"))
def cancel(number: Number, reason: Why = "", by: By = "") -> None:
    """End a roll-out for good. Devices that run the bundle keep it."""
    _change(number, "cancelled", reason, by)


@app.command(
    epilog=examples(
        "cityops fleet update pin frog-0001 --reason 'on the test bench'",
        "cityops fleet update pin frog-0001 --off",
    )
)
def pin(
    device: Device,
    reason: Why = "",
    off: Annotated[bool, typer.Option("--off", help="No longer.")] = False,
    by: By = "",
) -> None:
    """Keep a device at what it runs, whatever is rolled out."""
    from ingest.fleet.updates.ports import By as Who
    from ops_api.audit.by_command import note

    async def work(at: UpdatesAtHand) -> None:
        await at.acts.pin(device, reason, Who(name_of(by), "cli"), pinned=not off)
        await note(at.db, "fleet update unpin" if off else "fleet update pin", f"device:{device}")

    _at(work)
    typer.echo(f"{device} is {'updated with the others again' if off else 'kept at what it runs'}")


def _change(number: int, change: Change, reason: str, by: str) -> None:
    from ingest.fleet.updates.ports import By as Who
    from ops_api.audit.by_command import note

    async def work(at: UpdatesAtHand) -> None:
        await at.acts.change(number, change, reason, Who(name_of(by), "cli"))
        await note(at.db, f"fleet update {change}", f"rollout:{number}")

    _at(work)
    typer.echo(f"roll-out {number} is {change}")


def _at(work: Any) -> Any:
    from ops_api.wiring_updates import updates_of

    return through(updates_of, work)
