"""``cityops key``: keys of programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_account import AsJson, account_called, at_accounts
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.identity.desk import IdentityDesk
    from ops_api.identity.keys import NewKey

app = group("Keys of programs: make, list, revoke.")


@app.command(
    "make",
    epilog=examples(
        "cityops key make 'my notebook' --owner ada --scope open:read",
        "cityops key make 'weather feed' --owner weather-feed --scope forecasts:write --days 90",
        "KEY=$(cityops key make notebook --owner ada --scope open:read --quiet)",
    ),
)
def make(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for.")],
    owner: Annotated[str, typer.Option(help="Account that it belongs to.")],
    scope: Annotated[
        list[str], typer.Option(help="What it is good for; may be given several times. See docs/identity.md.")
    ],
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until it runs out; as the settings say without.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the key alone.")] = False,
) -> None:
    """Make a key and print it, this once: it is kept nowhere. It may do no more than its owner's roles allow."""
    life = None if days is None else timedelta(days=days)

    async def run(desk: IdentityDesk) -> NewKey:
        who = await account_called(desk, owner)
        return await desk.keys.make(who, label, scope, datetime.now(UTC), life)

    made = at_accounts(
        run,
        "key make",
        lambda key: f"key:{key.key_id}",
        needs_secret=True,
        what=lambda key: {"scopes": sorted(key.scopes)},
    )
    typer.echo(made.key)
    if not quiet:
        typer.echo(
            f"for {', '.join(made.scopes)}, until {made.expires_at:%Y-%m-%d}; it is not shown again", err=True
        )


@app.command("list", epilog=examples("cityops key list", "cityops key list --owner ada --json"))
def list_keys(
    owner: Annotated[str | None, typer.Option(help="Of this account only.")] = None, as_json: AsJson = False
) -> None:
    """List keys with what each is good for; of none more than its name is kept."""
    from ops_api.cli_desk import to_json

    async def run(desk: IdentityDesk) -> list[dict[str, Any]]:
        of = None if owner is None else (await account_called(desk, owner)).account_id
        return await desk.keys.listed(of)

    rows = at_accounts(run)
    if as_json:
        typer.echo(to_json(rows))
        return
    for row in rows:
        typer.echo(
            f"{row['key_id']}  {row['label']:<24} {row['owner']:<16} {', '.join(row['scopes'])}; {_state(row)}"
        )
    if not rows:
        typer.echo("no keys; `cityops key make` makes one")


@app.command("revoke", epilog=examples("cityops key revoke abcdefgh"))
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Its name, or the key itself.")],
) -> None:
    """Revoke a key: it opens nothing from now on."""
    from ops_api.identity.core.keys import key_id_of

    named = key_id_of(key_id) or key_id

    async def run(desk: IdentityDesk) -> None:
        if not await desk.keys.revoke(named, datetime.now(UTC)):
            raise ConfigurationError(
                f"there is no key {named!r} that holds; `cityops key list` shows which do"
            )

    at_accounts(run, "key revoke", lambda _: f"key:{named}")
    typer.echo(f"{named} opens nothing any more")


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"] is not None:
        return f"revoked {row['revoked_at']:%Y-%m-%d}"
    if row["expires_at"] <= datetime.now(UTC):
        return "run out"
    used = "never used" if row["used_on"] is None else f"last used {row['used_on']:%Y-%m-%d}"
    return f"until {row['expires_at']:%Y-%m-%d}, {used}"
