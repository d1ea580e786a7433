"""Parameters that a route does not know are refused: a filter with a typing error must not give more than was asked for."""

from __future__ import annotations

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from ops_api.rest.core.chosen import strangers
from ops_api.rest.core.problem_types import UNKNOWN_PARAMETER
from ops_api.rest.problem import ProblemError

_KNOWN: dict[int, frozenset[str]] = {}
"""Names by route: routes live as long as the process."""


async def known_params(request: Request) -> None:
    """Let a request on whose parameters its route declares.

    Raises:
        ProblemError: one that it does not.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = _KNOWN.get(id(route))
    if known is None:
        known = _KNOWN[id(route)] = frozenset(_names(route.dependant))
    unknown = strangers(request.query_params.keys(), known)
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        raise ProblemError(UNKNOWN_PARAMETER, f"Unknown parameter {', '.join(unknown)}. Here are: {there}.")


def _names(dependant: Dependant) -> set[str]:
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*(_names(one) for one in dependant.dependencies))
