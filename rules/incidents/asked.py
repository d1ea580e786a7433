"""A request that comes twice is one: whether it asks for the same, and which incident it is about."""

from __future__ import annotations

from rules.core.incidents import commands as c
from rules.core.incidents.model import NewAct, What
from rules.core.notify.words import one_line

MAKES: dict[type[c.Command], What] = {
    c.Open: "opened", c.Reopen: "opened", c.Claim: "claimed", c.HandOver: "handed_over", c.AddTask: "task",
    c.DoneTask: "task_done", c.Note: "note", c.AddLink: "linked", c.Contain: "contained", c.Close: "closed",
    c.Merge: "merged", c.SplitOff: "split_off", c.Place: "placed",
}  # fmt: skip
"""The first act that each command makes; it carries the request's name."""


def check_same(command: c.Command, known: NewAct) -> None:
    """Raise IncidentRefusedError where a request's name was used for something else."""
    about = command.incident_id if isinstance(command, c.About | c.Open) else None
    same = MAKES[type(command)] == known.what and about in (None, known.incident_id)
    same = same and one_line(_said(command)) == known.text
    if not same or one_line(command.by) != known.by:
        raise c.IncidentRefusedError(
            f"The request {command.request_id} was used before for something else, on I{known.incident_id}."
        )


def _said(command: c.Command) -> str:
    """Return the text that a command's first act has."""
    return next(
        (str(getattr(command, f)) for f in ("text", "reason", "note", "place") if hasattr(command, f)), ""
    )


def goes_on(first: NewAct) -> int:
    """Return the number of the incident that a command's first act leads to."""
    number = first.detail["into"] if first.what == "merged" else first.incident_id
    return int(first.detail["to"] if first.what == "split_off" else number)
