"""``cityops gaps``: which readings are missing, and what still waits on the devices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples

if TYPE_CHECKING:
    from ops_api.missing import Missing

EXAMPLES = examples(
    "cityops gaps                         # by kind, then the worst devices",
    "cityops gaps --device frog-0004      # one device, with its missing numbers",
    "cityops gaps --kind road --since 7d  # completeness of the last week",
    "cityops gaps --json | jq '.devices[] | select(.missing > 0).name'",
)
LIMIT = 20


def gaps(
    device: Annotated[
        str | None, typer.Option(help="Only this device, whether it lacks anything or not.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only devices of this kind.")] = None,
    since: Annotated[
        str, typer.Option(help="Count completeness from here: 6h, 7d, or a time such as 2026-11-20T18:00Z.")
    ] = "24h",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Devices to name.")] = LIMIT,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say which readings never arrived: by kind, then the worst devices.

    Devices number what they send. A number below the highest and above the lowest received of
    the same start (boot) that was never received is missing, however long ago; --since is for
    the completeness alone, the readings stored against those that the device's interval makes.
    What waits in a device's outbox is not lost: it comes when the device is heard again.
    """
    import asyncio

    from ops_api.gaps_report import as_document, as_text

    found = asyncio.run(_find(device, kind, since, limit))
    typer.echo(
        json.dumps(as_document(found), indent=2) if as_json else as_text(found, one=device is not None)
    )


async def _find(device: str | None, kind: str | None, since: str, limit: int) -> Missing:
    from cityops.clock import SystemClock
    from cityops.db.pool import connect
    from cityops.errors import ConfigurationError, TransientError
    from cityops.settings import load_settings
    from ops_api.cli_db import database
    from ops_api.gaps_report import look_back
    from ops_api.queries import Db, OneConnection
    from ops_api.queries.missing import find_missing, id_of
    from ops_api.queries.town import town_now
    from ops_api.wiring import kinds_of

    settings = load_settings()
    kinds = kinds_of(settings)
    if kind is not None and kind not in kinds:
        raise ConfigurationError(f"--kind {kind!r} is no kind; kinds: {', '.join(kinds)}")
    async with await connect(database(settings), application_name="cityops-gaps", autocommit=False) as conn:
        db = Db(OneConnection(conn))
        clock_at = SystemClock().now()
        now = await town_now(db, clock_at)
        back = look_back(since, now)
        device_id = None if device is None else await id_of(db, device, kind)
        found = await find_missing(
            db, kinds, now, clock_at=clock_at, back=back, kind=kind, device_id=device_id, limit=limit
        )
    if found is None:
        raise TransientError("counting takes too long; ask for one --kind, one --device or a shorter --since")
    return found
