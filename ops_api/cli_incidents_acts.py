"""How an incident ends, and how it becomes one with another or two: a part of ``cityops incidents``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_desk import AsJson, By, RequestId
from ops_api.cli_help import examples
from ops_api.cli_incidents import ROLE, Reason, Ref, Role, do, number_of, who_of

if TYPE_CHECKING:
    from rules.core.incidents.commands import Command


def contain(
    ref: Ref, reason: Reason, by: By = "", role: Role = ROLE, request_id: RequestId = None, as_json: AsJson = False
) -> None:  # fmt: skip
    """Say that it gets no worse."""

    def make() -> Command:
        from rules.core.incidents.commands import Contain

        return Contain(incident_id=number_of(ref), reason=reason, **who_of(by, role, request_id))

    do(make, as_json)


def close(
    ref: Ref,
    reason: Reason,
    even_so: Annotated[bool, typer.Option("--even-so", help="Though tasks are not done.")] = False,
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Say that it is over, or that a proposal was none. Exit code 1 where tasks are not done."""

    def make() -> Command:
        from rules.core.incidents.commands import Close

        who = who_of(by, role, request_id)
        return Close(incident_id=number_of(ref), reason=reason, even_so=even_so, **who)

    do(make, as_json)


def reopen(
    ref: Ref, reason: Reason, by: By = "", role: Role = ROLE, request_id: RequestId = None, as_json: AsJson = False
) -> None:  # fmt: skip
    """Say that it is not contained, or not over, after all."""

    def make() -> Command:
        from rules.core.incidents.commands import Reopen

        return Reopen(incident_id=number_of(ref), reason=reason, **who_of(by, role, request_id))

    do(make, as_json)


def merge(
    ref: Ref,
    into: Annotated[str, typer.Option(metavar="REF", help="Which goes on.")],
    reason: Reason,
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Make it a part of another, with its alarms, tasks and links."""

    def make() -> Command:
        from rules.core.incidents.commands import Merge

        who = who_of(by, role, request_id)
        return Merge(incident_id=number_of(ref), into=number_of(into), reason=reason, **who)

    do(make, as_json)


def split(
    ref: Ref,
    key: Annotated[list[str], typer.Option(metavar="KEY", help="Of its signals, as `show` names them.")],
    reason: Reason,
    title: Annotated[str, typer.Option(help="What the other one is.")] = "",
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Make some of it an incident of its own, which you have then."""

    def make() -> Command:
        from rules.core.incidents.commands import SplitOff

        who = who_of(by, role, request_id)
        return SplitOff(incident_id=number_of(ref), keys=tuple(key), reason=reason, title=title, **who)

    do(make, as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands to a group."""
    app.command(epilog=examples('cityops incidents contain I3 --reason "the water is off"'))(contain)
    app.command(
        epilog=examples(
            'cityops incidents close I3 --reason "mended, road open"',
            'cityops incidents close I4 --reason "a test of the fire sensors"    # a proposal that is none',
        )
    )(close)
    app.command(epilog=examples('cityops incidents reopen I3 --reason "it leaks again"'))(reopen)
    app.command(epilog=examples('cityops incidents merge I5 --into I3 --reason "the same water"'))(merge)
    app.command(
        epilog=examples(
            'cityops incidents split I3 --key alarm:12 --key alarm:13 --reason "a power cut" --title "Power cut"'
        )
    )(split)
