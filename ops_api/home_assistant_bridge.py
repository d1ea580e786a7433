"""Carries a home's frogs from the council's site to the household's own broker: asks, and publishes what is new."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from cityops.errors import CityopsError, ConfigurationError, TransientError
from devices.agent.broker import BrokerAddress, Reconnect, Will
from devices.agent.link import ServerLimits
from devices.agent.paho_link import PahoLink
from devices.contract.home_assistant import OFFLINE, ONLINE, PREFIX, status_topic

log = structlog.get_logger(__name__)

ASK_EVERY_S = 30.0
TIMEOUT_S = 20.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SignedOutError(CityopsError):
    """The site knows this session no more, or the home is not theirs any more."""


@dataclass(frozen=True, slots=True)
class Home:
    """Whose home it is, as the site knows it; the token is a secret."""

    site: str
    code: str
    token: str


def checked_site(site: str) -> str:
    """Return a site's address without a slash at its end.

    Raises:
        ConfigurationError: it would carry the token over a network without TLS.
    """
    parts = urllib.parse.urlsplit(site)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"--site {site!r}: an address such as https://sensors.example.gov.uk")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError(f"--site {site!r}: https, for the home's token goes with each request")
    return site.rstrip("/")


def signed_in(site: str, code: str, keep: Path) -> Home:
    """Return the home whose token ``keep`` holds; joins it with the code on the frog where there is no such file.

    Raises:
        ConfigurationError: the file is not ours.
        SignedOutError: the code opens no home.
    """
    site = checked_site(site)
    if keep.exists():
        try:
            kept = json.loads(keep.read_text(encoding="utf-8"))
            return Home(site, kept["home"], kept["token"])
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise ConfigurationError(
                f"{keep} holds no token of a home; name another file, or delete it"
            ) from e
    joined = _asked(f"{site}/api/v1/join", body={"code": code})
    with os.fdopen(os.open(keep, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"home": joined["home"], "token": joined["token"]}, file)
    return Home(site, joined["home"], joined["token"])


def messages(home: Home, prefix: str = PREFIX, *, remove: bool = False) -> list[dict[str, Any]]:
    """Return what to publish now: topic, payload, retain.

    Raises:
        SignedOutError, TransientError: see the classes.
    """
    asked = urllib.parse.urlencode({"prefix": prefix, "remove": str(remove).lower()})
    address = f"{home.site}/api/v1/homes/{urllib.parse.quote(home.code, safe='')}/home-assistant?{asked}"
    found: list[dict[str, Any]] = _asked(address, token=home.token)["messages"]
    return found


def _asked(address: str, token: str = "", body: dict[str, str] | None = None) -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, headers)  # noqa: S310 - checked_site allows http and https only
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as e:
        if e.code in (401, 404):
            raise SignedOutError("the site knows no such home for this code or token: join anew") from e
        raise TransientError(f"the site answers {e.code}") from e
    except (OSError, ValueError) as e:
        raise TransientError(f"the site can't be asked: {e}") from e


class Bridge:
    """Publishes what the site says of a home; each message once, and all of them whenever Home Assistant starts."""

    def __init__(
        self, broker: BrokerAddress, client_id: str, prefix: str = PREFIX, reconnect: Reconnect | None = None
    ) -> None:
        self._status = status_topic(prefix)
        self._newest: list[dict[str, Any]] = []
        self._sent: dict[str, str] = {}
        self._waiting: set[int] = set()
        will = Will(f"cityops/bridge/{client_id}", OFFLINE)
        self._link = PahoLink(broker, client_id, will, self, reconnect, first_within_s=0.0)

    @property
    def settled(self) -> bool:
        """Whether the broker has taken everything."""
        return (
            self._link.connected
            and not self._waiting
            and all(self._sent.get(m["topic"]) == m["payload"] for m in self._newest)
        )

    @property
    def reason(self) -> str:
        """Why there is no connection."""
        return self._link.last_reason

    def tell(self, newest: list[dict[str, Any]]) -> None:
        """Publish what differs from what was published last."""
        self._newest = newest
        if self._link.connected:
            self._publish()

    def serve(self, timeout_s: float) -> None:
        """Do what the connection needs for about so long [s]."""
        self._link.service(timeout_s)

    def close(self) -> None:
        """Say goodbye: frogs whose readings stop coming expire in Home Assistant by themselves."""
        self._link.close()

    def on_connected(self, limits: ServerLimits) -> None:
        """Publish everything anew."""
        del limits
        self._sent.clear()
        self._link.subscribe([self._status])
        self._publish()

    def on_disconnected(self, reason: str) -> None:
        """What the broker did not take is published again."""
        self._waiting.clear()
        log.info("the household's broker is away", reason=reason)

    def on_puback(self, mid: int, code: int) -> None:
        """A message was taken, or refused."""
        self._waiting.discard(mid)
        if code >= 0x80:
            log.warning("the household's broker refuses a message", code=code)

    def on_message(self, topic: str, payload: bytes) -> None:
        """Home Assistant has started: publish everything anew."""
        if topic == self._status and payload == ONLINE:
            self._sent.clear()
            self._publish()

    def _publish(self) -> None:
        for m in self._newest:
            if self._sent.get(m["topic"]) != m["payload"]:
                mid = self._link.publish(m["topic"], m["payload"].encode(), retain=m["retain"])
                if mid is not None:
                    self._sent[m["topic"]] = m["payload"]
                    self._waiting.add(mid)


def carry(
    bridge: Bridge,
    ask: Callable[[], list[dict[str, Any]]],
    stop: Callable[[], bool],
    every_s: float = ASK_EVERY_S,
) -> None:
    """Ask and publish until ``stop()``; a site that does not answer is asked again.

    Raises:
        SignedOutError: the site knows this session no more.
    """
    due_s = time.monotonic()
    while not stop():
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + every_s
            try:
                bridge.tell(ask())
            except TransientError as e:
                log.warning("the site is asked again", reason=str(e), in_s=every_s)
        bridge.serve(0.5)


def carry_once(bridge: Bridge, told: list[dict[str, Any]], within_s: float = 15.0) -> None:
    """Publish and wait until the broker has taken it.

    Raises:
        TransientError: it has not within ``within_s`` seconds.
    """
    bridge.tell(told)
    until_s = time.monotonic() + within_s
    while not bridge.settled:
        if time.monotonic() >= until_s:
            raise TransientError(f"the broker takes nothing: {bridge.reason or 'no answer'}")
        bridge.serve(0.1)
