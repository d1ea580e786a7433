"""``cityops rules override``: a parameter of its own for one bin, home, device, route or segment."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_catalogues import with_catalogues
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from rules.catalogue.ports import CatalogueStore
    from rules.core.overrides import ScopeKind

app = group("Parameters that are other ones for one subject, for a time.")


@app.command(
    epilog=examples(
        "cityops rules override add bins.full parameters.threshold_pct 60 --bin bin-007 \\",
        "    --by 'A. Officer' --reason 'market days' --until 2027-03-31",
        "cityops rules override add winter.gritting parameters.action_c 0.5 --route route-2 \\",
        "    --by 'A. Officer' --reason 'sheltered, no bridge' --until 90d",
    )
)
def add(
    rule: Annotated[str, typer.Argument(help="As `cityops rules list` names it.")],
    path: Annotated[str, typer.Argument(help="The parameter, as `cityops rules show` names it.")],
    value: Annotated[str, typer.Argument(help="Its value: a number, true, false or a word.")],
    by: Annotated[str, typer.Option(help="Who decides it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    until: Annotated[
        str, typer.Option(help="When it ends: 2027-03-31, or a span such as 90d. At most 400 days.")
    ],
    bin_id: Annotated[str | None, typer.Option("--bin", help="For this bin.")] = None,
    home: Annotated[str | None, typer.Option(help="For the home of this number.")] = None,
    device: Annotated[str | None, typer.Option(help="For this device.")] = None,
    route: Annotated[str | None, typer.Option(help="For this gritting route.")] = None,
    segment: Annotated[str | None, typer.Option(help="For this stretch of road.")] = None,
) -> None:
    """Give one subject a value of its own. It counts from the next full minute of the rules' time."""
    from ops_api.rules_text import override_document, override_words
    from rules.catalogue.ports import NewOverride, StoredOverride

    given = {"bin": bin_id, "home": home, "device": device, "route": route, "segment": segment}
    kind, scope = _scope(given)
    if not by.strip() or not reason.strip():
        raise ConfigurationError("--by and --reason can't be empty: whoever asks later must find them")
    now = datetime.now(UTC)
    ends = end_of(until, now)

    async def work(store: CatalogueStore) -> StoredOverride:
        await _check(store, rule, path, kind, plain(value))
        return await store.add_override(
            NewOverride(
                rule, path, kind, scope, plain(value), by.strip(), reason.strip(), None, ends.timestamp()
            )
        )

    typer.echo(f"override {override_words(override_document(with_catalogues(work)))}")


@app.command(
    "list", epilog=examples("cityops rules override list", "cityops rules override list --all --json")
)
def list_overrides(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """List overrides, newest first."""
    from ops_api.rules_text import override_document, override_words

    found = with_catalogues(lambda store: store.overrides())
    now_s = datetime.now(UTC).timestamp()
    documents = [override_document(o) for o in found if everything or o.override.until_s > now_s]
    if as_json:
        typer.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    typer.echo("\n".join(f"{d['rule_id']} {override_words(d)}" for d in documents) or "there is no override")


@app.command(epilog=examples("cityops rules override withdraw 7 --by 'A. Officer'"))
def withdraw(
    override_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="As `list` numbers it.")],
    by: Annotated[str, typer.Option(help="Who decides it.")],
) -> None:
    """End an override at the next full minute of the rules' time."""
    from ops_api.rules_text import override_document, override_words

    if not by.strip():
        raise ConfigurationError("--by can't be empty: whoever asks later must find it")
    ended = with_catalogues(lambda store: store.withdraw(override_id, by.strip(), None))
    if ended is None:
        raise ConfigurationError(f"there is no override {override_id} that still counts")
    typer.echo(f"override {override_words(override_document(ended))}")


def plain(text: str) -> Any:
    """Return a value as it was typed: JSON where it is some, else the words themselves."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def end_of(text: str, now: datetime) -> datetime:
    """Return when an override ends.

    Raises:
        ConfigurationError: no time, one in the past, or one that is too far ahead.
    """
    from rules.core.overrides import LONGEST_S

    latest = now + timedelta(seconds=LONGEST_S)
    try:
        if text.strip().endswith("d") and text.strip()[:-1].isdecimal():
            at = now + timedelta(days=int(text.strip()[:-1]))
        else:
            at = datetime.fromisoformat(text)
            at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as e:
        raise ConfigurationError(
            f"--until {text!r} is no time: write 2027-03-31, or a span such as 90d"
        ) from e
    if not now < at <= latest:
        raise ConfigurationError(
            f"--until {text!r} must be in the future, at most {LONGEST_S / 86_400:.0f} days from now "
            f"({latest:%Y-%m-%d}): overrides that nobody looks at again are forgotten"
        )
    return at


def _scope(given: dict[str, str | None]) -> tuple[ScopeKind, str]:
    from typing import cast

    chosen = {kind: scope for kind, scope in given.items() if scope is not None}
    if len(chosen) != 1:
        options = ", ".join(f"--{kind}" for kind in given)
        raise ConfigurationError(f"say what it is for: one of {options}")
    [(kind, scope)] = chosen.items()
    return cast("ScopeKind", kind), scope


async def _check(store: CatalogueStore, rule: str, path: str, kind: str, value: Any) -> None:
    """Raise ConfigurationError where the live catalogue does not allow it."""
    from rules.catalogue.loader import load
    from rules.catalogue.rulebook import readable
    from rules.core.overrides import OverrideError, check_scope, field_of, with_value

    live = await store.live()
    catalogue = load() if live is None else readable(live)
    try:
        field_of(catalogue, rule)
        check_scope(rule, path, kind)
        with_value(catalogue, rule, path, value)
    except OverrideError as e:
        raise ConfigurationError(str(e)) from e
