"""The command line: ``cityops``. Heavy imports happen inside the commands."""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ops_api import (
    cli_account,
    cli_alarms,
    cli_audit,
    cli_backup,
    cli_bench,
    cli_bin_days,
    cli_bins,
    cli_bins_ledger,
    cli_bins_trial,
    cli_capacity,
    cli_case,
    cli_config,
    cli_damp,
    cli_db,
    cli_dead_letters,
    cli_demo,
    cli_doctor,
    cli_evidence,
    cli_forecast,
    cli_gaps,
    cli_grafana,
    cli_home_assistant,
    cli_homes,
    cli_housing,
    cli_incidents_acts,
    cli_key,
    cli_lorawan,
    cli_network,
    cli_network_closing,
    cli_notify,
    cli_ops,
    cli_people,
    cli_privacy,
    cli_replay,
    cli_rules,
    cli_run,
    cli_verify,
    cli_winter,
    cli_winter_cab,
    cli_winter_forecast,
    cli_winter_hindcast,
    cli_winter_plan,
    cli_winter_verify,
    cli_work,
)
from ops_api.cli_errors import first_of, in_words
from ops_api.cli_help import examples, group

INTERRUPTED = 130

app = group("The platform a council runs its sensors on.")
app.command(epilog=cli_demo.EXAMPLES)(cli_demo.demo)
app.command(epilog=cli_replay.EXAMPLES)(cli_replay.replay)
app.command(epilog=cli_doctor.EXAMPLES)(cli_doctor.doctor)
app.command(epilog=cli_gaps.EXAMPLES)(cli_gaps.gaps)
app.add_typer(cli_bench.bench_app, name="bench")
app.add_typer(cli_verify.verify_app, name="verify")
app.add_typer(cli_db.app, name="db")
app.add_typer(cli_backup.app, name="backup")
app.add_typer(cli_audit.app, name="audit")
app.command(epilog=cli_backup.RESTORE_EXAMPLES)(cli_backup.restore)
app.command(epilog=cli_capacity.EXAMPLES)(cli_capacity.capacity)
app.add_typer(cli_config.app, name="config")
app.add_typer(cli_grafana.app, name="grafana")
app.add_typer(cli_dead_letters.app, name="dead-letters")
app.add_typer(cli_run.registry_app, name="registry")
cli_network_closing.add_to(cli_network.app)
app.add_typer(cli_network.app, name="network")
app.add_typer(cli_lorawan.app, name="lorawan")
app.add_typer(cli_ops.app, name="ops")
app.command(epilog=cli_run.KINDS_EXAMPLES)(cli_run.kinds)
app.command(epilog=cli_run.INGEST_EXAMPLES)(cli_run.ingest)
app.add_typer(cli_run.rules_app, name="rules")
cli_rules.add_to(cli_run.rules_app)
app.command(epilog=cli_run.API_EXAMPLES)(cli_run.api)
app.add_typer(cli_run.sim_app, name="sim")
app.add_typer(cli_alarms.app, name="alarms")
app.add_typer(cli_incidents_acts.app, name="incidents")
app.add_typer(cli_notify.app, name="notify")
app.add_typer(cli_people.people_app, name="people")
app.add_typer(cli_people.rota_app, name="rota")
app.add_typer(cli_work.app, name="work")
app.add_typer(cli_damp.app, name="damp")
app.add_typer(cli_homes.app, name="homes")
app.command("home-assistant", epilog=cli_home_assistant.EXAMPLES)(cli_home_assistant.home_assistant)
app.add_typer(cli_privacy.app, name="privacy")
app.add_typer(cli_account.app, name="account")
app.add_typer(cli_key.app, name="key")
app.add_typer(cli_case.app, name="case")
app.add_typer(cli_evidence.app, name="evidence")
app.add_typer(cli_housing.app, name="housing")
app.add_typer(cli_bin_days.app, name="bin-days")
app.add_typer(cli_forecast.app, name="forecast")
cli_run.sim_app.command("forecast", epilog=cli_forecast.SIM_EXAMPLES)(cli_forecast.sim_forecast)
cli_bins_ledger.add_to(cli_bins.app)
cli_bins.app.command("trial", epilog=cli_bins_trial.EXAMPLES)(cli_bins_trial.trial)
app.add_typer(cli_bins.app, name="bins")
app.add_typer(cli_winter.app, name="winter")
cli_winter.app.command(epilog=cli_winter_verify.EXAMPLES)(cli_winter_verify.verify)
cli_winter.app.command(epilog=cli_winter_hindcast.EXAMPLES)(cli_winter_hindcast.hindcast)
cli_winter.app.command("plan", epilog=cli_winter_plan.EXAMPLES)(cli_winter_plan.plan)
cli_winter.app.command("forecast", epilog=cli_winter_forecast.EXAMPLES)(cli_winter_forecast.forecast)
cli_winter_cab.add_to(cli_winter.app)


@app.callback(
    epilog=examples(
        "cityops demo                 # a simulated town with its pages",
        "cityops verify durability    # kill parts of it and count every reading",
        "cityops doctor               # what is wrong with this installation",
        "cityops db status --debug    # --debug may stand anywhere",
    )
)
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """The platform a council runs its sensors on."""


def asked_for(words: Sequence[str]) -> typer.Typer:
    """Return the part of the command line in which ``words`` are: building all of it takes longer than most commands."""
    first = words[0] if words else ""
    groups = [g for g in app.registered_groups if g.name == first]
    commands = [c for c in app.registered_commands if c.callback is not None and c.callback.__name__ == first]
    if not groups and not commands:
        return app
    part = copy.copy(app)
    part.registered_groups, part.registered_commands = groups, commands
    return part


def main() -> None:
    """Run the command line; a failure is one line and an exit code, unless --debug."""
    debug = "--debug" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        asked_for(words)(args=words, prog_name="cityops")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        text, code = in_words(first_of(error) if isinstance(error, ExceptionGroup) else error)
        typer.echo(f"cityops: {text}", err=True)
        sys.exit(code)
