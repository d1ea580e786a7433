"""Sign-in at the council's own provider: OpenID Connect, authorisation code with PKCE (RFC 7636, RFC 9700).

What was begun is a step bound to the browser by a cookie; the token's signature, issuer, audience, times and nonce are checked. Nothing
of the provider's is kept but who somebody is: no access token, no refresh token.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx2 import HTTPError, create_ssl_context
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ops_api.identity.core.claims import Said, said_by
from ops_api.identity.model import BusyError, WrongError
from ops_api.identity.steps import Step, Steps

log = structlog.get_logger(__name__)

LIFE = timedelta(minutes=10)
KEPT = timedelta(minutes=10)
"""What the provider says of itself, and its keys, are asked for again after it."""
TIMEOUT_S = 10.0
LEEWAY_S = 60
ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures that are taken: never ``none``, and none that is made with a shared secret."""
WRONG = "The council’s sign-in did not say who you are. Try again."
AWAY = "The council’s sign-in does not answer just now. Try again in a moment."


@dataclass(frozen=True, slots=True)
class AtProvider:
    """What is known of the provider, and what its claim means here."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    claim: str = "groups"
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the provider says of itself, and until when that is taken as still so."""

    document: Mapping[str, Any]
    keys: KeySet
    until: datetime


class Provider:
    """Signs staff in at the provider.

    Args:
        at: which.
        steps: keeps what was begun.
    """

    def __init__(self, at: AtProvider, steps: Steps) -> None:
        self._at, self._steps = at, steps
        self._told: _Told | None = None

    async def begin(self, back: str, browser: str, to: str, now: datetime, *, again: bool = False) -> str:
        """Return the provider's address to send the browser to.

        Args:
            back: our own address to which it sends the browser back.
            browser: secret of the browser, in a cookie: another one can't go on with what this one began.
            to: where its user wants to go.
            now: the time.
            again: have the provider ask who it is, though it knows.

        Raises:
            BusyError: the provider does not answer, or not as one.
        """
        told = await self._tell(now)
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        ask = {"prompt": "login", "max_age": "0"} if again else {}
        async with self._client(back) as client:
            address, state = client.create_authorization_url(
                told.document["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **ask
            )
        data = {"verifier": verifier, "nonce": nonce, "to": to, "back": back, "again": again}
        await self._steps.begin("oidc", LIFE, now, browser=browser, data=data, token=state)
        return str(address)

    async def finish(self, asked: Mapping[str, str], browser: str, now: datetime) -> tuple[Said, str]:
        """Return who the provider says it is, and where they wanted to go.

        Args:
            asked: parameters with which the provider sent the browser back.
            browser: as in :meth:`begin`.
            now: the time.

        Raises:
            WrongError: it says nobody, not to this browser, or not in a way that can be believed.
            BusyError: it does not answer.
        """
        step = await self._steps.take("oidc", asked.get("state", ""), now, browser=browser)
        if step is None or not browser or "error" in asked or "code" not in asked:
            log.warning(
                "no sign-in by the provider", error=asked.get("error", "")[:60], known=step is not None
            )
            raise WrongError(WRONG)
        token = await self._fetch(step, asked["code"], now)
        claims = await self._checked(token, step.data["nonce"], now)
        said = said_by(claims, self._at.claim, self._at.roles)
        if said.shown_at_s is None and step.data["again"]:
            said = replace(
                said, shown_at_s=now.timestamp()
            )  # it was asked to ask, and does not say when it did
        return said, str(step.data["to"])

    async def _fetch(self, step: Step, code: str, now: datetime) -> str:
        told = await self._tell(now)
        try:
            async with self._client(step.data["back"]) as client:
                answer = await client.fetch_token(
                    told.document["token_endpoint"], code=code, code_verifier=step.data["verifier"]
                )
        except OAuthError as error:
            log.warning("the provider gives no token", error=str(error.error)[:60])
            raise WrongError(WRONG) from error
        except (HTTPError, ValueError) as error:
            raise BusyError(AWAY) from error
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise WrongError(WRONG)
        return token

    async def _checked(self, token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        told = await self._tell(now)
        try:
            return self._claims(token, told.keys, nonce, now)
        except (JoseError, ValueError, KeyError) as first:
            # It may have new keys: asked for once more.
            self._told = None
            try:
                return self._claims(token, (await self._tell(now)).keys, nonce, now)
            except (JoseError, ValueError, KeyError) as error:
                log.warning("the provider's token is not to be believed", error=type(first).__name__)
                raise WrongError(WRONG) from error

    def _claims(self, token: str, keys: KeySet, nonce: str, now: datetime) -> Mapping[str, Any]:
        claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._at.issuer},
            aud={"essential": True, "value": self._at.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != self._at.client_id:
            raise ValueError("the token is for another party")
        return claims

    async def _tell(self, now: datetime) -> _Told:
        """Return what the provider says of itself, kept for ten minutes.

        Raises:
            BusyError: it does not answer, or not as the provider that the settings name.
        """
        if self._told is not None and now < self._told.until:
            return self._told
        try:
            async with self._client("") as client:
                document = await _json(
                    client, f"{self._at.issuer.rstrip('/')}/.well-known/openid-configuration"
                )
                _check(document, self._at.issuer)
                keys = KeySet.import_key_set(await _json(client, document["jwks_uri"]))  # type: ignore[arg-type]
        except (HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("the provider does not say who it is", error=type(error).__name__)
            raise BusyError(AWAY) from error
        self._told = _Told(document, keys, now + KEPT)
        return self._told

    def _client(self, back: str) -> Any:
        return AsyncOAuth2Client(
            self._at.client_id,
            self._at.client_secret,
            scope="openid profile email",
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
            verify=_trusted(),
        )


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom connections trust, read once: for each it held up all other requests 60 ms."""
    return create_ssl_context()


async def _json(client: Any, address: str) -> dict[str, Any]:
    answer = await client.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise TypeError("no JSON object")
    return found


def _check(document: Mapping[str, Any], issuer: str) -> None:
    """Refuse what is another issuer's, or would send secrets over plain HTTP to another machine."""
    if document.get("issuer") != issuer:
        raise ValueError("another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        to = urlsplit(str(document[name]))
        if to.scheme != "https" and to.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError(f"{name} is no https address")
