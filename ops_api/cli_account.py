"""``cityops account``: who of the council can sign in, and as what.

It works on the database itself: whoever may run it may do anything there. Accounts are managed in the browser under /accounts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import By, through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.settings import Settings
    from ops_api.access.model import Role
    from ops_api.audit.core.model import Entry
    from ops_api.audit.store import PostgresAudit
    from ops_api.identity.accounts import Link
    from ops_api.identity.desk import IdentityDesk
    from ops_api.identity.model import Account

app = group("Accounts of the council's people: make, give roles, close.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Which they type when they sign in.")]
Roles = Annotated[
    list[str], typer.Option("--role", help="What they are; may be given several times. See docs/identity.md.")
]
ALL = 1_000_000
"""Accounts: more than there are people in any town."""
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Result = TypeVar("Result")


@app.command("first-admin", epilog=examples("cityops account first-admin ada"))
def first_admin(
    name: Name,
    label: Annotated[str, typer.Option(help="What people call them; the name without.")] = "",
    by: By = "",
) -> None:
    """Make the first administrator and print a link to choose a password: once, within 15 minutes.

    Refused where an administrator can sign in already.
    """
    from ops_api.cli_desk import name_of

    who = name_of(by)
    made = at_accounts(
        lambda desk: desk.accounts.first_admin(name, label, who, _now()),
        "account first-admin",
        lambda _: f"account:{name}",
        by=by,
    )
    _show(made)


@app.command(
    "add",
    epilog=examples(
        "cityops account add ada.lovelace --label 'Ada Lovelace' --role highways",
        "cityops account add weather-feed --role service --no-link    # owns keys, signs in nowhere",
    ),
)
def add(
    name: Name,
    role: Roles,
    label: Annotated[str, typer.Option(help="What people call them; the name without.")] = "",
    link: Annotated[bool, typer.Option("--link/--no-link", help="Print a link to choose a password.")] = True,
    by: By = "",
) -> None:
    """Make an account and print a link by which its owner chooses a password: once, within a day."""
    from ops_api.cli_desk import name_of

    held, who = _roles(role), name_of(by)

    async def run(desk: IdentityDesk) -> Link | None:
        made = await desk.accounts.add(name, label or name, held, who, _now())
        return await desk.accounts.link(made, _now()) if link else None

    found = at_accounts(run, "account add", lambda _: f"account:{name}", by=by, what=lambda _: _given(held))
    if found is None:
        typer.echo(f"{name} is made")
    else:
        _show(found)


@app.command("list", epilog=examples("cityops account list", "cityops account list --json"))
def list_accounts(as_json: AsJson = False) -> None:
    """List accounts with their roles and how each can sign in."""
    from ops_api.cli_desk import to_json

    rows = at_accounts(lambda desk: desk.accounts.listed(limit=ALL))
    if as_json:
        typer.echo(to_json([row | {"account_id": str(row["account_id"])} for row in rows]))
        return
    for row in rows:
        typer.echo(f"{row['name']:<20} {', '.join(row['roles']) or 'no role':<28} {_ways(row)}")
    if not rows:
        typer.echo("nobody; `cityops account first-admin NAME` makes the first")


@app.command("roles", epilog=examples("cityops account roles ada.lovelace --role highways --role operations"))
def roles(name: Name, role: Roles) -> None:
    """Give an account these roles instead of those it has; that ends its sessions."""
    held = _roles(role)
    _with_account(name, lambda desk, who: desk.accounts.set_roles(who, held), "account roles", held)
    typer.echo(f"{name}: {', '.join(sorted(held))}; signed out everywhere")


@app.command("disable", epilog=examples("cityops account disable ada.lovelace"))
def disable(name: Name) -> None:
    """Close an account: it signs in no more, its sessions end at once and its keys open nothing."""
    _with_account(name, lambda desk, who: desk.accounts.disable(who, _now()), "account disable")
    typer.echo(f"{name} is closed")


@app.command("enable", epilog=examples("cityops account enable ada.lovelace"))
def enable(name: Name) -> None:
    """Open a closed account again."""
    _with_account(name, lambda desk, who: desk.accounts.enable(who), "account enable")
    typer.echo(f"{name} is open")


@app.command("link", epilog=examples("cityops account link ada.lovelace"))
def link(
    name: Name,
    hours: Annotated[float, typer.Option(min=0.05, max=168, help="Opens for so long.")] = 24.0,
) -> None:
    """Print a link by which an account's owner chooses a new password, once; links before it are void."""
    life = timedelta(hours=hours)
    made = _with_account(name, lambda desk, who: desk.accounts.link(who, _now(), life), "account link")
    _show(made)


@app.command("sessions", epilog=examples("cityops account sessions ada.lovelace"))
def sessions(name: Name, as_json: AsJson = False) -> None:
    """List where an account is signed in."""
    from ops_api.cli_desk import to_json

    rows = _with_account(name, lambda desk, who: desk.sessions.listed(who.account_id, _now()))
    if as_json:
        typer.echo(to_json([row | {"session_id": str(row["session_id"])} for row in rows]))
        return
    for row in rows:
        typer.echo(
            f"{row['made_at']:%Y-%m-%d %H:%M}  by {row['how']:<8} last used {row['seen_at']:%H:%M}  {row['agent']}"
        )
    if not rows:
        typer.echo("signed in nowhere")


@app.command("end-sessions", epilog=examples("cityops account end-sessions ada.lovelace"))
def end_sessions(name: Name) -> None:
    """Sign an account out everywhere."""
    _with_account(name, lambda desk, who: desk.accounts.end_sessions(who), "account end-sessions")
    typer.echo(f"{name} is signed out everywhere")


@app.command("reset-mfa", epilog=examples("cityops account reset-mfa ada.lovelace"))
def reset_mfa(name: Name) -> None:
    """Take away an account's authenticator, recovery codes and passkeys, and end its sessions: a lost telephone."""

    async def run(desk: IdentityDesk, who: Account) -> None:
        await desk.factors.reset(who.account_id)
        await desk.accounts.end_sessions(who)

    _with_account(name, run, "account reset-mfa")
    typer.echo(f"{name} sets up an authenticator at the next sign-in")


def at_accounts(
    work: Callable[[IdentityDesk], Awaitable[Result]],
    act: str = "",
    about: Callable[[Result], str] = lambda _: "",
    *,
    by: str = "",
    needs_secret: bool = False,
    what: Callable[[Result], dict[str, list[str]]] = lambda _: {},
) -> Result:
    """Do something at the desk of the settings' database, and return what it returns; a refusal is told, exit status 1.

    Args:
        work: what is done there.
        act: as the audit has it; empty: a look that it is not told of.
        about: which account (``account:`` and its name) or key (``key:``) it was, of what ``work`` returned.
        by: who does it; the login's name without.
        needs_secret: whether keys are made, which is no good without the API's own secret.
        what: roles or scopes that were given.
    """
    from functools import partial

    from ops_api.cli_desk import name_of
    from ops_api.identity.model import IdentityRefusedError
    from ops_api.wiring_identity import identity_of

    async def run(door: tuple[IdentityDesk, PostgresAudit]) -> Result:
        desk, audit = door
        done = await work(desk)
        if act:
            await audit.add(_entry(act, name_of(by), await _numbered(desk, about(done)), what(done)))
        return done

    return through(partial(identity_of, needs_secret=needs_secret), run, (IdentityRefusedError,))


async def _numbered(desk: IdentityDesk, about: str) -> str:
    """Return what the audit calls an account: its number, which says nobody's name once the account is gone."""
    what, _, name = about.partition(":")
    found = await desk.accounts.named(name) if what == "account" else None
    return about if found is None else f"account:{found.account_id}"


def _entry(act: str, who: str, about: str, what: dict[str, list[str]]) -> Entry:
    import json
    from secrets import token_hex

    from ops_api.audit.core.model import Entry

    at_us = round(_now().timestamp() * 1_000_000)
    return Entry(
        at_us=at_us, actor_kind="cli", actor_id=who, roles="", via="cli", action=act, object=about, outcome="done", source="",
        request_id=token_hex(8), detail=json.dumps(what, sort_keys=True),
    )  # fmt: skip


async def account_called(desk: IdentityDesk, name: str) -> Account:
    """Return an account by name.

    Raises:
        ConfigurationError: there is none.
    """
    found = await desk.accounts.named(name)
    if found is None:
        raise ConfigurationError(
            f"there is no account {name!r}; `cityops account list` shows which there are"
        )
    return found


def _with_account(
    name: str,
    work: Callable[[IdentityDesk, Account], Awaitable[Result]],
    act: str = "",
    roles: frozenset[Role] = frozenset(),
) -> Result:
    async def run(desk: IdentityDesk) -> Result:
        return await work(desk, await account_called(desk, name))

    return at_accounts(run, act, lambda _: f"account:{name}", what=lambda _: _given(roles))


def _given(roles: frozenset[Role]) -> dict[str, list[str]]:
    return {"roles": sorted(roles)} if roles else {}


def _roles(names: list[str]) -> frozenset[Role]:
    from ops_api.identity.accounts import ROLES

    known = {role.value: role for role in ROLES}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise ConfigurationError(f"--role {wrong[0]!r} is none; there are {', '.join(known)}")
    return frozenset(known[name] for name in names)


def _ways(row: dict[str, Any]) -> str:
    if row["disabled_at"] is not None:
        return "closed"
    ways = [
        word
        for word, there in (
            ("password", row["password"]),
            ("authenticator", row["totp"]),
            (f"{row['passkeys']} passkeys", row["passkeys"] > 0),
            ("provider", row["provider"]),
        )
        if there
    ]
    return ", ".join(ways) or "no way to sign in"


def _show(made: Link) -> None:
    from cityops.settings import load_settings

    typer.echo(f"{made.name} chooses a password here, once, until {made.expires_at:%Y-%m-%d %H:%M} UTC:")
    typer.echo(f"{site_address(load_settings())}/sign-in/link/{made.token}")


def site_address(settings: Settings) -> str:
    """Return where people reach the pages: as set, else on this machine."""
    return settings.api.public_url or f"http://localhost:{settings.api.port}"


def _now() -> datetime:
    return datetime.now(UTC)
