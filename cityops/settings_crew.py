"""What an installation sets of the bin crews' pages."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class CrewSettings(BaseModel):
    """The bin crews' phone pages."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    password: SecretStr | None = Field(default=None, min_length=16)
    """Password of the bin crews, at least 16 characters: whoever has it says at `/crew` what was emptied, what could not be and why,
    with photos, and plans again from there. Without it crews see their rounds there, and nobody says anything on them."""
