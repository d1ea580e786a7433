"""What an installation sets of households' bin days and of what residents report."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class BinDaysSettings(BaseModel):
    """Households' bin days, missed bins, reports of public bins."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    public_url: str = Field(default="", pattern=r"^$|^https?://[^\s/?#]+(/[^\s?#]*)?$")
    """Address under which residents reach the pages, for links in reminders; without it no reminders are offered."""
    channels: dict[str, Literal["email", "sms", "push"]] = Field(default={})
    """What residents may choose for reminders, by the name of a channel of `notify`, one variable each:
    `CITYOPS_BIN_DAYS__CHANNELS__GOVUK_EMAIL=email`."""
    password: SecretStr | None = Field(default=None, min_length=16)
    """Password of the waste team, at least 16 characters: whoever has it sees the open missed collections at
    `/bins/missed` and over REST. Without it they are listed by `cityops bin-days missed` only."""
    near_m: float = Field(default=40.0, ge=5, le=200)
    """A lorry that came this near (m) was at the household."""
    claim_days: int = Field(default=2, ge=1, le=10)
    """Working days after its day until which a missed bin can be told."""
    return_days: int = Field(default=2, ge=1, le=10)
    """Working days within which the lorry comes back."""
    reports_per_hour: int = Field(default=10, ge=1, le=1000)
    """Reports, and requests for reminders, that one network may send in an hour."""
    lookups_per_hour: int = Field(default=120, ge=10, le=100_000)
    """Addresses and collection days that one network may look up in an hour."""

    @field_validator("channels")
    @classmethod
    def _lower(cls, value: dict[str, str]) -> dict[str, str]:
        return {name.lower(): kind for name, kind in value.items()}
