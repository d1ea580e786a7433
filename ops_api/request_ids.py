"""The name that a sender gives a request, so that what is sent twice is done once."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

MOST = 100


def request_id_of(text: str) -> str:
    """Return it as it was sent.

    Raises:
        ValueError: it names nothing, or is too long: two requests with an empty one would be taken for the same.
    """
    if not text.strip() or len(text) > MOST or "\0" in text:
        said = f"{text!r}" if len(text) <= MOST else f"{text[:20]!r}… ({len(text)} characters)"
        raise ValueError(
            f"{said} is not allowed: write 1 to {MOST} characters that are not all blank, or leave it out"
        )
    return text


def _checked(text: str) -> str:
    try:
        return request_id_of(text)
    except ValueError as error:
        raise PydanticCustomError("request_id", "{said}", {"said": str(error)}) from error


_Named = Annotated[
    str,
    AfterValidator(_checked),
    Field(json_schema_extra={"minLength": 1, "maxLength": MOST, "pattern": r"\S"}),
]
RequestId = Annotated[_Named | None, Field(description="Chosen by the sender: sent twice it is done once")]
"""Of a request's document; None where the sender gives none."""
