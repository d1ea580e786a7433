"""An error that says of which kind it is: raised by routes, told by ``ops_api.routers.problems``."""

from __future__ import annotations

from fastapi import HTTPException

from ops_api.rest.core.problem_types import ProblemType


class ProblemError(HTTPException):
    """A 422 of a kind of its own."""

    def __init__(self, kind: ProblemType, detail: str) -> None:
        super().__init__(422, detail)
        self.kind = kind
