"""What an installation sets of accounts, sessions, keys and the identity provider."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from cityops.settings_group import Group


class IdentitySettings(Group):
    """Who may sign in, how, and for how long (docs/identity.md)."""

    secret: SecretStr | None = Field(default=None, min_length=32)
    """Key of what is kept of keys and tokens, at least 32 characters. Without it one is made once, in `identity.key` of the data
    folder. Several hosts of the API must share it."""
    session_h: float = Field(default=8.0, gt=0, le=24)
    """Hours after which staff sign in again, whatever they do: a shift."""
    idle_min: float = Field(default=30.0, gt=0, le=480)
    """Minutes without a request after which they do."""
    password_least: int = Field(default=12, ge=8, le=64)
    """Fewest characters of a password. Common ones and the account's own name are refused however long."""
    mfa: Literal["staff", "admin", "none"] = "staff"
    """Who must show a second factor: all staff, administrators only, or nobody (a demo)."""
    team_passwords: bool = True
    """Whether the passwords of the teams (`housing.password`, `winter.password` and so on) open their doors beside accounts."""
    key_days: int = Field(default=365, ge=1, le=3650)
    """Days that a program's key is good for unless a shorter time is asked for."""
    oidc_issuer: str = ""
    """Address of the OpenID provider that staff sign in at; empty: none."""
    oidc_client_id: str = ""
    """Name of this installation at the provider."""
    oidc_client_secret: SecretStr | None = None
    """Its secret there."""
    oidc_claim: str = "groups"
    """Claim of the identity token that says what somebody is."""
    oidc_roles: dict[str, list[str]] = Field(default_factory=dict)
    """Roles by value of that claim: `{"Highways duty": ["highways"]}`. A value that is not named gives none."""

    @model_validator(mode="after")
    def _provider_whole(self) -> Self:
        given = bool(self.oidc_issuer), bool(self.oidc_client_id), self.oidc_client_secret is not None
        if any(given) and not all(given):
            raise ValueError(
                "give identity.oidc_issuer, oidc_client_id and oidc_client_secret, or none of them"
            )
        return self
