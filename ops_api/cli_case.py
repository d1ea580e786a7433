"""``cityops case``: cases of homes with the legal clock, and what was said to the landlord."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ops_api.cli_desk import AsJson, By, name_of, through, to_json
from ops_api.cli_help import examples, group
from ops_api.cli_looks import PURPOSE, Purpose, looked
from ops_api.terminal_text import escaped

if TYPE_CHECKING:
    from ops_api.wiring_evidence import CaseDoor

app = group("Cases of homes: the legal clock, contact with the landlord, reminders. Information, not advice.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The home's code, from the frog's label.")]
CaseId = Annotated[
    int, typer.Argument(min=1, max=2**63 - 1, metavar="CASE", help="From `cityops case list`.")
]
At = Annotated[str | None, typer.Option(metavar="DATE", help="When it happened, e.g. 2026-01-12 or (an emergency needs the time) 2026-01-12T09:30; now without.")]  # fmt: skip


@app.command(
    "open",
    epilog=examples(
        "cityops case open CODE --landlord 'Northgate Homes' --aware 2026-01-05",
        "cityops case open CODE --kind emergency --council-owned --aware 2026-01-05T14:10",
    ),
)
def open_case(
    code: Code,
    kind: Annotated[Literal["significant", "emergency"], typer.Option(help="Of the hazard.")] = "significant",
    hazard: Annotated[str, typer.Option(help="What it is.")] = "damp and mould",
    landlord: Annotated[str, typer.Option(help="Who the landlord is.")] = "",
    council_owned: Annotated[
        bool,
        typer.Option("--council-owned", help="The council is the landlord: its officer is reminded too."),
    ] = False,
    reported: Annotated[
        str | None, typer.Option(metavar="DATE", help="When the resident told the landlord.")
    ] = None,
    aware: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="When the landlord became aware: the clock starts then."),
    ] = None,
    by: By = "",
    purpose: Purpose = PURPOSE,
    as_json: AsJson = False,
) -> None:
    """Open a case. Without --aware no time runs: whether an alarm of a sensor makes a landlord aware is open."""

    async def run(door: CaseDoor) -> None:
        from ops_api.case_work import an_event

        who = name_of(by)
        given = (("reported", reported), ("aware", aware))
        events = [
            an_event(
                k, at, now=door.now, zone=door.days.zone, by=who, role="officer", name=f"--{k}", case=kind
            )
            for k, at in given
            if at is not None
        ]
        home_id = await door.book.home_id(code)
        case_id = await door.book.open_case(
            home_id, kind, hazard=hazard, landlord=landlord, council_owned=council_owned, at=door.now, by=who
        )
        for event in events:
            await door.book.add_event(case_id, event, door.now)
        await _show(door, case_id, as_json, who, purpose)

    _at_cases(run)


@app.command(
    "event",
    epilog=examples(
        "cityops case event 12 investigated --at 2026-01-14",
        "cityops case event 12 extended --step safety --until 2026-02-06 --note 'Roofer ill'",
        "cityops case event 12 withdrawn --withdraws 31 --note 'Wrong day'",
    ),
)
def add_event(
    case_id: CaseId,
    kind: Annotated[
        str, typer.Argument(metavar="WHAT", help="E.g. aware, investigated, summary, made_safe, works_begun.")
    ],
    at: At = None,
    note: Annotated[str, typer.Option(help="In your words; the reason, where one is needed.")] = "",
    step: Annotated[str | None, typer.Option(help="Of extended and not_needed.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="New last day, of extended.")] = None,
    withdraws: Annotated[int | None, typer.Option(help="Number of the entry that is withdrawn.")] = None,
    by: By = "",
    purpose: Purpose = PURPOSE,
    as_json: AsJson = False,
) -> None:
    """Write down what happened in a case. Nothing is rewritten: a mistake is withdrawn by another entry."""

    async def run(door: CaseDoor) -> None:
        from ops_api.case_work import an_event

        filed = await door.book.case(case_id)
        event = an_event(
            kind, at, now=door.now, zone=door.days.zone, note=note, step=step, until=until, withdraws=withdraws,
            by=name_of(by), role="officer", case=filed.case.kind,
        )  # fmt: skip
        await door.book.add_event(case_id, event, door.now)
        await _show(door, case_id, as_json, name_of(by), purpose)

    _at_cases(run)


@app.command(epilog=examples("cityops case show 12", "cityops case show 12 --json"))
def show(case_id: CaseId, by: By = "", purpose: Purpose = PURPOSE, as_json: AsJson = False) -> None:
    """Print where a case stands, its limits, and what happened."""
    _at_cases(lambda door: _show(door, case_id, as_json, name_of(by), purpose))


@app.command("list", epilog=examples("cityops case list", "cityops case list --home CODE --json"))
def list_cases(
    home: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this home.")] = None,
    by: By = "",
    purpose: Purpose = PURPOSE,
    as_json: AsJson = False,
) -> None:
    """List cases and where each stands; homes are not named."""

    async def run(door: CaseDoor) -> None:
        from ops_api.case_work import case_document, list_lines

        home_id = None if home is None else await door.book.home_id(home)
        found = await door.book.cases(home_id)
        for seen in sorted({filed.home_id for filed in found}):
            await looked(door.db, seen, name_of(by), "where its cases stand", purpose)
        cases = [filed.case for filed in found]
        if as_json:
            typer.echo(to_json([case_document(c, door.now, door.law, door.days) for c in cases]))
        else:
            typer.echo("\n".join(map(escaped, list_lines(cases, door.now, door.law, door.days))))

    _at_cases(run)


@app.command(epilog=examples("cityops case remind", "cityops case remind --set CODE mail sam@example.org"))
def remind(
    where: Annotated[
        tuple[str, str, str] | None,
        typer.Option(
            "--set", metavar="CODE CHANNEL ADDRESS", help="Say where a household is reminded; '' ends it."
        ),
    ] = None,
) -> None:
    """Plan the reminders that are due. The sender of notifications does so itself, every quarter of an hour."""

    async def run(door: CaseDoor) -> None:
        if where is not None:
            code, channel, address = where
            await door.book.remind_at(await door.book.home_id(code), channel, address.strip())
            typer.echo(
                f"the household is {'reminded' if address.strip() else 'no longer reminded'} over {channel}"
            )
            return
        planned = await door.reminders.plan(door.now)
        typer.echo(
            "nothing new is due" if planned == 0 else f"{planned} planned; `cityops notify outbox` shows them"
        )

    _at_cases(run)


@app.command(
    "contact",
    epilog=examples(
        "cityops case contact CODE --method phone --who 'Repairs line' --said 'Reported black spots behind the bed'",
        "cityops case contact CODE --reply-to 7 --reply 'Surveyor comes on Monday'",
        "cityops case contact CODE      # lists them",
    ),
)
def contact(
    code: Code,
    method: Annotated[
        str, typer.Option(help="phone, email, letter, visit, online, text or other.")
    ] = "phone",
    who: Annotated[str, typer.Option(help="Whom it was with.")] = "",
    said: Annotated[str, typer.Option(help="What was said.")] = "",
    at: At = None,
    reply_to: Annotated[int | None, typer.Option(help="Number of the entry that was answered.")] = None,
    reply: Annotated[str, typer.Option(help="What came back.")] = "",
    by: By = "",
    purpose: Purpose = PURPOSE,
    as_json: AsJson = False,
) -> None:
    """Write down a call, letter or visit, or what came back; list them where neither is given."""

    async def run(door: CaseDoor) -> None:
        from ops_api.case_work import a_contact, not_ahead
        from ops_api.moments import a_moment

        home_id = await door.book.home_id(code)
        when = door.now if at is None else a_moment(at, door.days.zone, "--at")
        not_ahead(when, door.now)
        if reply_to is not None:
            await door.book.reply(home_id, reply_to, _given(reply, "--reply"), when)
        elif said:
            await door.book.log_contact(home_id, a_contact(method, who, said, when, door.now, name_of(by)))
        await looked(door.db, home_id, name_of(by), "contact log with the landlord", purpose)
        found = await door.book.contacts(home_id)
        if as_json:
            import msgspec

            typer.echo(to_json([msgspec.structs.asdict(c) for c in found]))
            return
        for c in found:
            replied = (
                f"; reply {c.replied_at:%Y-%m-%d}: {c.reply}"
                if c.replied_at is not None
                else "; no reply written down"
            )
            line = f"{c.contact_id:>6}  {c.at:%Y-%m-%d %H:%M} UTC  {c.method}, {c.who}: {c.said}{replied}"
            typer.echo(escaped(line))
        if not found:
            typer.echo("nothing was written down yet")

    _at_cases(run)


def _given(text: str, name: str) -> str:
    if not text.strip():
        raise typer.BadParameter(f"{name} is empty")
    return text


async def _show(door: CaseDoor, case_id: int, as_json: bool, who: str, purpose: str) -> None:
    from ops_api.case_work import case_document, case_lines

    filed = await door.book.case(case_id)
    await looked(door.db, filed.home_id, who, f"case {case_id} with its entries", purpose)
    case = filed.case
    if as_json:
        typer.echo(to_json(case_document(case, door.now, door.law, door.days)))
    else:
        typer.echo("\n".join(map(escaped, case_lines(case, door.now, door.law, door.days))))


def _at_cases(work: Callable[[CaseDoor], Awaitable[Any]]) -> None:
    from ops_api.wiring_evidence import cases_of

    through(cases_of, work)
