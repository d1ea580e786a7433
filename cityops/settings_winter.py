"""What an installation sets of the winter service's desk."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class WinterSettings(BaseModel):
    """The duty officer's desk."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    password: SecretStr | None = Field(default=None, min_length=16)
    """Password of the winter service's duty officers, at least 16 characters: whoever has it confirms, changes and cancels
    treatments on pages and over REST. Without it they are shown there, and answered with `cityops winter` only."""
    replan: bool = True
    """Whether what is left of a night is planned again without anybody asking, where a road that its lorries are to drive is
    closed, or one they went round is open again."""
    passes_most: int = Field(default=1500, ge=1)
    """Passes that one plan of the night's lorries may have; with more it is refused. Memory grows with their square: 883 on a
    city's 10,500 directed stretches take half a gigabyte while they are planned, the program included."""
