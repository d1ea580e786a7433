"""What devices ask for before they have a login, and when they make themselves the next: over HTTPS, with the proof in the request."""

from __future__ import annotations

import base64
import binascii

import msgspec
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from devices.contract.provisioning import ClaimRequest, RotateRequest
from ops_api.access.failed import failed
from ops_api.provisioning.claiming import Claiming, ClaimRefusedError
from ops_api.routers.context import Context, Ctx
from ops_api.routers.resident import address_of
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1", tags=["device identities"])

_VERIFIER = (
    "What a password that was made on the device is checked with: `$7$iterations$salt$hash` "
    "(PBKDF2-HMAC-SHA512, base64), as in Mosquitto's password file. Or `csr`."
)
_EXAMPLE = f"$7$101$c2FsdHNhbHRzYWx0${'A' * 86}=="


class ClaimPost(BaseModel):
    """A device at first use: the code on its label, its card, and what it will sign in with."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(max_length=72, examples=["7K2MX0-QA9WZT-H3F5QC"])
    install: str = Field(pattern=r"^[A-Za-z0-9-]{8,80}$", examples=["4f2d0c9a6b7e4d1f8a3c5b6d7e8f9a0b"])
    verifier: str = Field(default="", max_length=200, description=_VERIFIER, examples=[_EXAMPLE])
    csr: str = Field(default="", max_length=4096, description="A signing request in PEM for a key on P-256.")


class ClaimedDocument(Document):
    """Who the device is, and where it connects."""

    name: str
    kind: str
    shard: int
    cadence_s: int
    host: str
    port: int
    ca: str = Field(description="PEM of the authority that signed the broker's certificate; empty: no TLS.")
    certificate: str = Field(description="The device's own, in PEM, where it sent a signing request.")
    update_keys: str = Field(description="Whose updates it may believe, as JSON; empty: nobody's yet.")


class CredentialPost(BaseModel):
    """The next credential of a device, and with a certificate the proof that it has the present one."""

    model_config = ConfigDict(extra="forbid")
    verifier: str = Field(default="", max_length=200, description=_VERIFIER, examples=[_EXAMPLE])
    csr: str = Field(default="", max_length=4096)
    certificate: str = Field(default="", max_length=4096, description="The present one, in PEM.")
    signature: str = Field(
        default="",
        max_length=400,
        description="Base64 of the present key's signature of `csr`: ECDSA, SHA-256.",
    )


class CredentialDocument(Document):
    """The next credential counts from now on."""

    name: str
    certificate: str


@router.post("/claims", status_code=201)
async def claim(post: ClaimPost, request: Request, ctx: Ctx) -> ClaimedDocument:
    """Take a claim: the code opens once. The same card may send the same again where the answer was lost."""
    asked = ClaimRequest(code=post.code, install=post.install, verifier=post.verifier, csr=post.csr)
    try:
        answer = await _claiming(ctx).claim(asked, address_of(request), ctx.clock.now())
    except ClaimRefusedError as e:
        raise _refused(request, e, "claim") from e
    request.state.about = f"device:{answer.name}"
    return ClaimedDocument(**msgspec.structs.asdict(answer))


@router.post("/devices/{name}/credential", status_code=201)
async def rotate(name: str, post: CredentialPost, request: Request, ctx: Ctx) -> CredentialDocument:
    """Take a device's next credential. A password is proved by HTTP Basic: the device's name and its present one."""
    user, password = _basic(request)
    asked = RotateRequest(
        verifier=post.verifier, csr=post.csr, certificate=post.certificate, signature=post.signature
    )
    try:
        if user and user != name:
            raise ClaimRefusedError("the present credential does not prove it", 401)
        answer = await _claiming(ctx).rotate(name, password, asked, address_of(request), ctx.clock.now())
    except ClaimRefusedError as e:
        raise _refused(request, e, "credential") from e
    request.state.about = f"device:{answer.name}"
    return CredentialDocument(name=answer.name, certificate=answer.certificate)


def _claiming(ctx: Context) -> Claiming:
    if ctx.devices is None:
        raise HTTPException(503, "Claims are not taken here.")
    return ctx.devices.claiming


def _refused(request: Request, error: ClaimRefusedError, about: str) -> HTTPException:
    if error.status != 422:
        failed(request, "wait" if error.status == 429 else "code", error.status, about=about)
    headers = {"Retry-After": "3600"} if error.status == 429 else None
    if error.status == 401:
        headers = {"WWW-Authenticate": 'Basic realm="devices"'}
    return HTTPException(error.status, str(error), headers)


def _basic(request: Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password
