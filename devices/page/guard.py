"""Who may ask the frog what: home network only, its own names only, its own forms only. Pure.

The page shows when a household showers and sleeps. Nobody logs in, so:

- a connection is taken only between addresses of a home network (RFC 1918, RFC 4193, link-local);
- the Host header must be such an address or a name of the frog: a foreign page that points its own
  name at the frog (DNS rebinding) is turned away;
- a form counts once, within twelve hours, with a token that only the frog's page shows;
- with a PIN, nothing is shown before it was typed.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Collection, Mapping

HOME_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
        *("::1/128", "fe80::/10", "fc00::/7"),
    )
)

HEADERS: tuple[tuple[str, str], ...] = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Robots-Tag", "noindex, nofollow"),
)


def is_home(address: str) -> bool:
    """Whether an IP address is of a home network; False for text that is none."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in network for network in HOME_NETWORKS if network.version == ip.version)


def is_wildcard(address: str) -> bool:
    """Whether listening on ``address`` means every address of the machine."""
    return address in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def host_is_ours(host: str, names: Collection[str], *, public: bool = False) -> bool:
    """Whether a Host header names the frog: one of ``names``, or a home network's address.

    ``public``: any address counts, for a frog that was told to serve the world.
    """
    name = _without_port(host.strip().lower()).rstrip(".")
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return public or is_home(name)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that another site's page sends this form.

    Args:
        headers: by name in lower case.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


class FormTokens:
    """Tokens of forms: each counts once.

    Args:
        clock: monotonic [s].
    """

    _VALID_S = 12 * 3600
    _MOST = 1_000
    """In twelve hours: no household bathes so often, and the record of used ones stays small."""

    def __init__(self, clock: Callable[[], float], secret: bytes | None = None) -> None:
        self._clock = clock
        self._secret = secret or secrets.token_bytes(32)
        self._used: dict[str, float] = {}

    def issue(self) -> str:
        """Return a fresh token: nonce, time and their seal."""
        said = f"{secrets.token_hex(8)}.{int(self._clock())}"
        return f"{said}.{self._seal(said)}"

    def take(self, token: str) -> bool:
        """Use a token; False where it is not ours, too old, or used before."""
        said, _, seal = token.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(said).encode()):
            return False
        now_s, issued_s = self._clock(), float(said.partition(".")[2])
        if now_s - issued_s > self._VALID_S or token in self._used:
            return False
        self._forget(now_s)
        if len(self._used) >= self._MOST:
            return False
        self._used[token] = issued_s
        return True

    def was_used(self, token: str) -> bool:
        """Whether this token has counted already: somebody pressed twice, or went back and again."""
        return token in self._used

    def _forget(self, now_s: float) -> None:
        self._used = {t: at for t, at in self._used.items() if now_s - at <= self._VALID_S}

    def _seal(self, said: str) -> str:
        return hmac.new(self._secret, said.encode(), hashlib.sha256).hexdigest()[:32]


class PinGate:
    """Lets in who typed the PIN; five wrong ones close it for a minute, then two, at most an hour.

    Args:
        pin: None lets everybody in.
        clock: monotonic [s].
    """

    _TRIES = 5
    _FIRST_S, _LONGEST_S = 60.0, 3600.0

    def __init__(self, pin: str | None, clock: Callable[[], float], secret: bytes | None = None) -> None:
        self._pin = pin
        self._clock = clock
        self._secret = secret or secrets.token_bytes(32)
        self._wrong = 0
        self._closed_until_s = float("-inf")

    def is_open(self, cookie: str) -> bool:
        """Whether a request with this cookie header may see the page."""
        if self._pin is None:
            return True
        values = [part.strip().partition("=")[2] for part in cookie.split(";") if "=" in part]
        return any(hmac.compare_digest(v.encode(), self._pass().encode()) for v in values)

    def wait_s(self) -> float:
        """Return how long no PIN is looked at [s]; 0 where it is."""
        return max(0.0, self._closed_until_s - self._clock())

    def enter(self, pin: str) -> str | None:
        """Return the cookie's value for the right PIN; None for a wrong one, or while it is closed."""
        if self._pin is None or self.wait_s() > 0:
            return None
        if hmac.compare_digest(pin.strip().encode(), self._pin.encode()):
            self._wrong = 0
            return self._pass()
        self._wrong += 1
        if self._wrong % self._TRIES == 0:
            pause_s = self._FIRST_S * 2 ** (self._wrong // self._TRIES - 1)
            self._closed_until_s = self._clock() + min(self._LONGEST_S, pause_s)
        return None

    def _pass(self) -> str:
        return hmac.new(self._secret, b"frog page", hashlib.sha256).hexdigest()
