"""``cityops rules``: the rules that run, their history, and another catalogue in their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api import cli_rules_late, cli_rules_matrix, cli_rules_override, cli_rules_replay, cli_rules_shadow
from ops_api.cli_catalogues import has_database, live_or_shipped, usable, with_catalogues
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from rules.catalogue.ports import CatalogueStore, StoredOverride

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
By = Annotated[str, typer.Option(help="Who decides it.")]
Reason = Annotated[str, typer.Option(help="Why.")]

SHIPPED = "shipped"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group ``rules``."""
    app.command("list", epilog=examples("cityops rules list", "cityops rules list --json"))(list_rules)
    app.command("show", epilog=examples("cityops rules show winter.gritting"))(show)
    app.command("check", epilog=examples("cityops rules check", "cityops rules check ./my-catalogue"))(check)
    app.command("history", epilog=examples("cityops rules history --limit 5"))(history)
    app.command(
        "promote",
        epilog=examples(
            "cityops rules promote ./my-catalogue --by 'A. Officer' --reason 'as Lancashire does'",
            "cityops rules promote --back --by 'A. Officer' --reason 'too late on the bridges'",
            "cityops rules promote --shipped --by 'A. Officer' --reason 'after the upgrade'",
            "cityops rules promote shadow --by 'A. Officer' --reason 'three quiet weeks in shadow'",
        ),
    )(promote)
    app.command("replay", epilog=cli_rules_replay.EXAMPLES)(cli_rules_replay.replay)
    app.command("late", epilog=cli_rules_late.EXAMPLES)(cli_rules_late.late)
    app.add_typer(
        cli_rules_override.app,
        name="override",
        epilog=examples("cityops rules override list", "cityops rules override add --help"),
    )
    app.add_typer(cli_rules_matrix.app, name="matrix", epilog=cli_rules_matrix.EXAMPLES)
    app.add_typer(
        cli_rules_shadow.app,
        name="shadow",
        epilog=examples("cityops rules shadow status", "cityops rules shadow start --help"),
    )


def list_rules(as_json: AsJson = False) -> None:
    """List the rules that run, and the overrides that count. Without a database: those of this version."""
    import time

    from ops_api import rules_text

    documents, source = _in_use()
    if as_json:
        typer.echo(json.dumps({"catalogue": source, "rules": documents}, indent=2, ensure_ascii=False))
        return
    typer.echo(f"catalogue {source}")
    typer.echo("\n".join(rules_text.list_lines(documents, time.time())))


def show(
    rule_id: Annotated[str, typer.Argument(help="As `list` names it.")], as_json: AsJson = False
) -> None:
    """Show a rule with its figures, their source and its overrides."""
    from ops_api import rules_text

    documents, _ = _in_use()
    found = next((d for d in documents if d["id"] == rule_id), None)
    if found is None:
        raise ConfigurationError(
            f"there is no rule {rule_id!r}; rules: {', '.join(d['id'] for d in documents)}"
        )
    typer.echo(
        json.dumps(found, indent=2, ensure_ascii=False)
        if as_json
        else "\n".join(rules_text.show_lines(found))
    )


def check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder of TOML files; those of this version without.", metavar="[DIR]"),
    ] = None,
) -> None:
    """Say everything that is wrong or odd in a catalogue. Exit code 2 where it can't be used.

    Where a database is configured, versions are compared with the catalogue that runs.
    """
    from rules.catalogue.check import check as find
    from rules.catalogue.loader import SHIPPED as OURS
    from rules.catalogue.loader import read_files

    where = OURS if folder is None else folder
    live, desks = live_or_shipped()
    report = find(read_files(where), live, desks)
    for fault in (*report.errors, *report.warnings):
        kind = "error" if fault in report.errors else "warning"
        typer.echo(f"{where}/{fault}" if kind == "error" else f"{where}/{fault} (warning)")
    typer.echo(f"{len(report.errors)} errors, {len(report.warnings)} warnings")
    if report.errors:
        raise typer.Exit(2)


def history(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Say which catalogues ran, since when, by whom and why."""
    from dataclasses import asdict

    from ops_api import rules_text

    events = with_catalogues(lambda store: store.history(limit))
    if as_json:
        typer.echo(json.dumps([asdict(e) for e in events], indent=2, ensure_ascii=False))
        return
    typer.echo("\n".join(rules_text.history_lines(events)) or "the rules have not run on this database yet")


def promote(
    by: By,
    reason: Reason,
    what: Annotated[
        str | None,
        typer.Argument(help="Folder of TOML files, or `shadow`: the one in shadow.", metavar="[DIR|shadow]"),
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="The catalogue that was live before.")] = False,
    shipped: Annotated[bool, typer.Option("--shipped", help="The one that comes with this version.")] = False,
) -> None:
    """Make another catalogue the live one: rules that run take it within half a minute.

    It is checked, copied into the database and logged; nothing is lost of the one before.
    """
    if sum((what is not None, back, shipped)) != 1:
        raise ConfigurationError("say which: a folder, shadow, --back or --shipped, one of them")
    by, reason = cli_rules_shadow.named(by, reason)
    if what == cli_rules_shadow.WORD:
        typer.echo(cli_rules_shadow.promote(by, reason))
        return
    folder = None if what is None else Path(what)

    async def work(store: CatalogueStore) -> str:
        if back:
            number = await _before(store)
            await store.promote(number, by, reason, "back")
            return f"catalogue {number} is live again"
        files = usable(folder)
        label = SHIPPED if folder is None else folder.resolve().name
        number = await store.put(files, label, by, reason)
        await store.promote(number, by, reason)
        return f"catalogue {number} ({label}) is live"

    typer.echo(with_catalogues(work))


async def _before(store: CatalogueStore) -> int:
    """Return the catalogue that was live before the one that is."""
    from rules.catalogue.rulebook import course

    live = await store.live()
    were = course(await store.history(10_000))
    before = next((n for n in were if live is not None and n != live.catalogue_id), None)
    if before is None:
        raise ConfigurationError("there was no other catalogue before the one that is live")
    return before


def _in_use() -> tuple[list[dict[str, Any]], str]:
    """Return the rules that run as documents, and whose they are."""
    import msgspec

    from ops_api import rules_text
    from rules.catalogue.loader import load
    from rules.catalogue.rulebook import readable
    from rules.catalogue.watches import examine_watch, load_watch

    catalogue, source = load(), "of this version, as no database is set"
    watch = load_watch()
    overrides: tuple[StoredOverride, ...] = ()
    if has_database():

        async def look(store: CatalogueStore) -> tuple[Any, tuple[StoredOverride, ...]]:
            return await store.live(), await store.overrides()

        live, overrides = with_catalogues(look)
        source = "of this version, as the rules have not run on this database yet"
        if live is not None:
            catalogue, source = readable(live), f"{live.catalogue_id} ({live.label})"
            watch = examine_watch(live.files)[0] or watch
    rules = msgspec.to_builtins(catalogue) | msgspec.to_builtins(watch)
    return rules_text.rule_documents(rules, overrides), source
