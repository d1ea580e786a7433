"""What an installation sets of the operations centre's pages."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class OpsSettings(BaseModel):
    """The operations centre's pages."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    password: SecretStr | None = Field(default=None, min_length=16)
    """Password of the operations centre, at least 16 characters: whoever has it opens, claims, hands over and closes incidents
    at `/incidents`, reads who has them and what was written, and closes and opens roads at `/ops/what-if`. Without it incidents
    are shown there without names, and are worked on with `cityops incidents`; roads with `cityops network close` and `open`."""
