"""The command line: ``cityops``. Heavy imports happen inside the commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cityops.errors import CityopsError
from ops_api import cli_config, cli_db, cli_demo, cli_doctor, cli_replay, cli_run

app = typer.Typer(
    help="The platform a council runs its sensors on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(cli_demo.demo)
app.command()(cli_replay.replay)
app.command()(cli_doctor.doctor)
app.add_typer(cli_db.app, name="db")
app.add_typer(cli_config.app, name="config")
app.add_typer(cli_run.registry_app, name="registry")
app.command()(cli_run.kinds)
app.command()(cli_run.ingest)
app.add_typer(cli_run.rules_app, name="rules")
app.command()(cli_run.api)
app.add_typer(cli_run.sim_app, name="sim")


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Take the options of every command; ``main`` reads --debug itself."""


def main() -> None:
    """Run the command line; a failure is one line and an exit code, unless --debug."""
    try:
        app()
    except CityopsError as error:
        _say(error, error.exit_code)
    except ExceptionGroup as group:
        first = (group.subgroup(CityopsError) or group).exceptions[0]
        _say(first, first.exit_code if isinstance(first, CityopsError) else 1)
    except Exception as error:
        _say(error, 1)


def _say(error: Exception, code: int) -> None:
    if "--debug" in sys.argv:
        raise error
    hint = "" if isinstance(error, CityopsError) else " (this is a bug; --debug shows where)"
    text = str(error) if isinstance(error, CityopsError) else f"{type(error).__name__}: {error}"
    typer.echo(f"cityops: {text}{hint}", err=True)
    sys.exit(code)
