"""The rule of the route that was asked for, held to before the route runs: a dependency of every router.

FastAPI includes routers lazily, so a route's ``app`` cannot be wrapped; a dependency at ``include_router`` runs before a
wrong body is answered, so who may not ask learns nothing of what a right one looks like.
"""

from __future__ import annotations

from fastapi import Request

from ops_api.access.model import Rule
from ops_api.access.rules import RULES


def rule_of(request: Request) -> Rule | None:
    """Return the rule of the route that answers; None where it has none."""
    return RULES.get(f"{request.method} {request.scope['route'].path}")
