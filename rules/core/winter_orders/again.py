"""Whether a request that comes again asks what it asked before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rules.core.winter_orders import model as m
from rules.core.winter_orders.commands import OrderRefusedError, Terms
from rules.core.winter_orders.words import act_words

ASKED = "asked"
"""Under what an act keeps, among what was seen, the command word for word."""
_NO_CONTENT = ("request_id", "via")
_WHAT = {"confirm": "confirmed", "change": "changed", "cancel": "cancelled", "order": "ordered"}


def asked_of(command: m.Command) -> dict[str, Any]:
    """Return what a command asks, as JSON has it: its kind, what it is about, by whom, and all its content."""
    found: dict[str, Any] = msgspec.to_builtins(command)
    if "ref" in found:
        found["ref"] = _named(found["ref"])
    if found.get("segments") is not None:
        found["segments"] = sorted(set(found["segments"]))
    # As acts keep words: without the blanks around them, which a second try may have lost.
    return {k: v.strip() if isinstance(v, str) else v for k, v in found.items() if k not in _NO_CONTENT}


def check_same(command: m.Command, act: m.Act, terms: Terms) -> None:
    """Raise where a command is another one than that which an act with its ``request_id`` was made by.

    Raises:
        OrderRefusedError: the id was used for something else, in words.
    """
    asked = asked_of(command)
    then = act.seen.get(ASKED)
    if _is_act_of(command, asked, act) if then is None else asked == then:
        return
    raise OrderRefusedError(
        f"request_id {command.request_id!r} was used for something else: {act.ref} on {act.route_id}, "
        f"{act_words(act, terms.zone)}"
    )


def _is_act_of(command: m.Command, asked: dict[str, Any], act: m.Act) -> bool:
    """Whether an act from before commands were kept with it says what a command asks, as far as it can say."""
    about = act.route_id == command.route_id if isinstance(command, m.OrderOwn) else act.ref == asked["ref"]
    said = {"by": act.by, "role": act.role, "reason": act.reason}
    words = {"by": asked["by"], "role": asked["role"], "reason": asked.get("reason", asked.get("note"))}
    return (
        about
        and act.what == _WHAT[asked["type"]]
        and {k: str(v).strip() for k, v in words.items()} == said
        and _is_treatment_of(asked, act.treatment)
    )


def _is_treatment_of(asked: dict[str, Any], stands: m.Treatment | None) -> bool:
    names: Sequence[str] = ("g_m2", "passes", "segments", "start_s", "by_s", "plough")
    given = {k: asked[k] for k in names if asked.get(k) is not None}
    if stands is None:
        return not given
    has = {**msgspec.to_builtins(stands), "segments": list(stands.segments)}
    return all(has[k] == v for k, v in given.items())


def _named(ref: str) -> str:
    return ref[:1].upper() + ref[1:].lstrip("0")
