"""What a request is written down as."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any

from ops_api.access.model import NOBODY, Principal, Rule
from ops_api.audit.core.model import Entry
from ops_api.client_network import network_of

MOST = 300
"""Characters of a field that somebody sent."""
NAMED = frozenset({"ref", "lorry", "number", "what", "kind", "night", "route"})
"""Parameters of addresses that say what was acted on, beside those that end in ``_id``. No codes, marks, names or premises."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def entry_of(scope: MutableMapping[str, Any], rule: Rule, status: int, now: datetime) -> Entry | None:
    """Return the line of a request that is answered with a status; None: it is not written down.

    Nobody's attempts that came to nothing are not: anybody could fill the disk with them.
    """
    state: Mapping[str, Any] = scope["state"]
    who: Principal = state.get("asker") or NOBODY
    team = state.get("team", "")
    unknown = who.kind == "nobody" and not team
    in_vain = status >= 400 or not state.get("admitted", False) or rule.audit == "look"
    if (unknown and in_vain) or status == 429:
        return None
    kind, actor, roles = _actor(who, team)
    client = scope.get("client")
    return Entry(
        at_us=round(now.timestamp() * 1_000_000),
        actor_kind=kind,
        actor_id=actor,
        roles=roles,
        via="web" if rule.page else "rest",
        action=f"{scope['method']} {scope['route'].path}",
        object=_object(scope, state),
        reason=_fit(str(state.get("reason", ""))),
        outcome=str(status),
        source="" if client is None else _fit(network_of(str(client[0]))),
        request_id=state["request_id"],
        detail=json.dumps(state.get("detail", {}), sort_keys=True),  # said by the route itself: roles, scopes
    )


def _actor(who: Principal, team: str) -> tuple[str, str, str]:
    if team and who.kind not in ("staff", "program"):
        return "team", team, ""
    return who.kind, who.id, ",".join(sorted(who.roles))


def _object(scope: MutableMapping[str, Any], state: Mapping[str, Any]) -> str:
    given: Mapping[str, Any] = scope.get("path_params", {})
    told = [
        f"{name.removesuffix('_id')}:{value}"
        for name, value in given.items()
        if name.endswith("_id") or name in NAMED
    ]
    member = state.get("member")
    lives_in = None if member is None or "code" not in given else member.lives_in(given["code"])
    home = [] if lives_in is None else [f"home:{lives_in.home_id}"]
    about = [state["about"]] if "about" in state else []  # said by the route itself: account:…, key:…
    return _fit(" ".join(home + told + about))


def _fit(text: str) -> str:
    return _UNFIT.sub(" ", text)[:MOST]
