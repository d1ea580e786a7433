"""What groups of settings share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LAST_PORT = 65535
Port = Annotated[int, Field(ge=0, le=LAST_PORT)]
HomePath = Annotated[Path, AfterValidator(Path.expanduser)]
"""A path in which ``~`` is the user's home, as in a shell."""


class Group(BaseModel):
    """A frozen group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


def known_zone(value: str) -> str:
    """Return the name of a time zone.

    Raises:
        ValueError: for a name that is none.
    """
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError("use an IANA name such as Europe/London") from error
    return value
