"""A device claims its name: with the code on its label, and a credential that it makes itself.

What it is to show at the broker is on the card before the server hears of it, in ``claim.json``; the configuration is
written last. So power may fail at any time: run again, the same is asked for, and the server answers the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from cityops.errors import ConfigurationError, TransientError
from devices.agent import own_key
from devices.agent.broker import is_this_machine
from devices.agent.claim_config import UPDATE_KEYS, Place, configuration, with_kept
from devices.agent.credential import new_password, next_of, verifier_of, write
from devices.agent.kept_sections import Kept, kept_in
from devices.contract.claim_code import code_hash, plain_code
from devices.contract.provisioning import ClaimAnswer, Kind
from devices.contract.topics import SHARDS, is_device_name
from devices.contract.update.manifest import BundleError, read_keys

Post = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Sends a document to a path of the server and returns the answer."""

PENDING = "claim.json"
_HOST = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$")
_KIND = re.compile(r"^[a-z][a-z0-9_]{0,59}$")


class Pending(msgspec.Struct, frozen=True):
    """What was made for a claim that has not come to its end; one of ``password`` and ``key``.

    ``is_set_aside``: what lies in ``.before`` is of this claim, and not of another years ago. ``code``: a mark of the code
    that it was made for; what is left of a claim that the power ended is none for the next label.
    """

    password: str = ""
    key: str = ""
    csr: str = ""
    is_set_aside: bool = False
    code: str = ""


def claim(
    post: Post,
    place: Place,
    install: str,
    code: str,
    kind: Kind,
    server: str,
    server_ca: Path | None = None,
    *,
    plain: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> ClaimAnswer:
    """Claim, and write the configuration; return who the device is.

    Args:
        post: reaches the server.
        place: where what it gets goes.
        install: the card's number.
        code: as typed.
        kind: of the credential.
        server: address that later rotations go to.
        server_ca: file of the authority that signed its certificate, where the system does not know it.
        plain: whether the broker may be spoken to without TLS.
        say: hears a line where something of the configuration before could not be kept.

    Raises:
        ConfigurationError: the code is none, the server says no, its answer is none, or a file can't be written.
        TransientError: the server does not answer.
    """
    typed = plain_code(code)
    if typed is None:
        raise ConfigurationError(
            "code: 18 letters and digits, as on the label; one of them is mistyped or missing"
        )
    try:
        place.config.parent.mkdir(parents=True, exist_ok=True)
        made = _pending(place, kind, code_hash(typed).hex())
        asked = {"code": typed, "install": install}
        brought = {"csr": made.csr} if kind == "x509" else {"verifier": verifier_of(made.password)}
        answer = _checked(post("/api/v1/claims", asked | brought), kind)
        _check_way(answer, kind, plain=plain)
        if answer.ca:
            write(place.beside("ca.pem"), answer.ca, 0o644)
        if kind == "x509":
            write(place.beside("device.pem"), made.key + answer.certificate)
        else:
            write(place.beside("password"), made.password + "\n")
        for name in ("password", "device.pem"):  # a next one of before would be refused at each rotation
            next_of(place.beside(name)).unlink(missing_ok=True)
        _keep_keys(place, answer.update_keys)
        make = partial(configuration, answer, place, kind, server, server_ca, plain=plain)
        kept, why_nothing = _kept(place, made)
        text, said = with_kept(lambda kept: make(kept=kept), kept, place)
        write(place.config, text, 0o644)
        for line in filter(None, (why_nothing, said)):
            say(line)
        place.beside(PENDING).unlink(missing_ok=True)
    except OSError as e:
        raise ConfigurationError(
            f"{e.filename or place.config} can't be written: {e.strerror}; run it as root"
        ) from e
    return answer


def _pending(place: Place, kind: Kind, code: str) -> Pending:
    """Return what was made for this claim before, else make it and have it on the card."""
    path = place.beside(PENDING)
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Pending)
    except (FileNotFoundError, msgspec.DecodeError):
        found = Pending()
    if found.code not in ("", code):
        found = Pending()
    made = found if (found.key if kind == "x509" else found.password) else _made(kind)
    made = msgspec.structs.replace(made, is_set_aside=place.is_set_aside or found.is_set_aside, code=code)
    if made != found:
        write(path, msgspec.json.encode(made).decode())
    return made


def _made(kind: Kind) -> Pending:
    if kind == "token":
        return Pending(password=new_password())
    key = own_key.new_key()
    return Pending(key=key, csr=own_key.request_for(key))


def _kept(place: Place, made: Pending) -> tuple[Kept, str]:
    """Return what stays of the file that this claim set aside, and a line where nothing does."""
    if made.is_set_aside:
        return kept_in(place.before)
    lies_there = f"{place.before} is of another claim: nothing of it was kept"
    return Kept(), lies_there if place.before.exists() else ""


def _keep_keys(place: Place, listed: str) -> None:
    """Keep whose updates to believe, where the card did not come with a list of its own."""
    path = place.beside(UPDATE_KEYS)
    if not listed or path.exists():
        return
    try:
        read_keys(listed.encode())
    except BundleError as e:
        raise ConfigurationError(f"the server's list of keys for updates can't be used: {e}") from e
    write(path, listed, 0o644)


def _check_way(answer: ClaimAnswer, kind: Kind, *, plain: bool) -> None:
    """Refuse a broker to which the way is not TLS, but for this machine's own and where somebody said that it may be so."""
    if answer.ca or (kind == "token" and (plain or is_this_machine(answer.host))):
        return
    what = "a certificate is shown over TLS alone" if kind == "x509" else "the password would go in the clear"
    bench = "" if kind == "x509" else "; on a bench: --plain"
    raise ConfigurationError(
        f"the server names no authority for its broker {answer.host}: {what}. Have the council set provisioning.broker_ca,"
        f" then run this again{bench}"
    )


def _checked(document: dict[str, Any], kind: Kind) -> ClaimAnswer:
    """Return the server's answer; what it says goes into a file that the agent reads as its own, so it is looked at."""
    try:
        answer = msgspec.convert(document, ClaimAnswer)
    except msgspec.ValidationError as e:
        raise TransientError(
            f"the server's answer is none to a claim ({e}): is this the council's server?"
        ) from e
    fits = (
        is_device_name(answer.name)
        and _KIND.match(answer.kind)
        and _HOST.match(answer.host)
        and 0 < answer.port < 65_536
        and 0 <= answer.shard < SHARDS
        and 1 <= answer.cadence_s <= 86_400
        and ("BEGIN CERTIFICATE" in answer.certificate) == (kind == "x509")
    )
    if not fits:
        raise ConfigurationError("the server's answer names no usable device: is this the council's server?")
    return answer
