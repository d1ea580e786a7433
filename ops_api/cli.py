"""The command line: ``cityops``. Heavy imports happen inside the commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cityops.errors import CityopsError
from ops_api import cli_config, cli_db, cli_doctor

app = typer.Typer(
    help="The platform a council runs its sensors on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_db.app, name="db")
app.add_typer(cli_config.app, name="config")
app.command()(cli_doctor.doctor)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Take the options of every command; ``main`` reads --debug itself."""


def main() -> None:
    """Run the command line; an expected error is one line and an exit code, unless --debug."""
    try:
        app()
    except CityopsError as error:
        if "--debug" in sys.argv:
            raise
        typer.echo(f"cityops: {error}", err=True)
        sys.exit(error.exit_code)
