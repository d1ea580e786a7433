"""``cityops config``: which settings are in force, and where each comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ops_api.cli_help import examples, group

app = group("Settings: what is in force and where it comes from.")

DOCS_PAGE = Path("docs/configuration.md")


@app.command(
    epilog=examples("cityops config show", "CITYOPS_CONFIG=/etc/cityops.toml cityops config show --json")
)
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Print every setting with its source; secrets are hidden."""
    from cityops.settings import load_settings
    from cityops.settings_report import report

    effective = report(load_settings())
    if as_json:
        typer.echo(json.dumps([asdict(item) for item in effective], indent=2))
        return
    width = max(len(item.name) for item in effective)
    for item in effective:
        typer.echo(f"{item.name:<{width}}  {item.value or '-':<28}  {item.source}")


@app.command(epilog=examples("cityops config docs", "cityops config docs --check"))
def docs(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the page is up to date.")] = False,
    page: Annotated[Path, typer.Option(help="File to write.")] = DOCS_PAGE,
) -> None:
    """Write the reference page of all settings."""
    from cityops.errors import ConfigurationError
    from cityops.settings_docs import render

    text = render()
    if check:
        if not page.is_file() or page.read_text(encoding="utf-8") != text:
            raise ConfigurationError(f"{page} is not what the settings say; run `cityops config docs`")
        return
    page.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {page}")
