"""What an installation sets of the housing officer's pages."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class HousingSettings(BaseModel):
    """The housing officer's pages."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    password: SecretStr | None = Field(default=None, min_length=16)
    """Password of the housing team, at least 16 characters: whoever has it sees what is shared with the team and writes into
    the council's cases. Without it `/housing` (but for the map of wards) and `/api/v1/housing/homes` answer 404."""
    map_min_count: int = Field(default=5, ge=5, le=1000)
    """Least number of homes that any number of the map of wards, or a difference of such numbers, may be about. The same
    for the API, which has the map, and the ingester, which has the board's."""
