"""What an installation sets of the housing officer's pages."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class HousingSettings(BaseModel):
    """The housing officer's pages."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    map_min_count: int = Field(default=5, ge=5, le=1000)
    """Least number of homes that any number of the map of wards, or a difference of such numbers, may be about."""
