"""Which addresses a webhook may have: none of our own networks, unless they are listed.

Whoever may register a webhook could else make us ask services that only we can reach
(server-side request forgery; OWASP SSRF Prevention Cheat Sheet).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, urlsplit

Resolve = Callable[[str, int], Sequence[str]]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that the internet is made of; the rest is local, a translation or not given out."""
_NOT_PUBLIC = tuple(ipaddress.ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24"))
"""Protocol assignments and the old 6to4 relays, of which Python calls some global."""


class RefusedAddressError(ValueError):
    """An address that is not asked; the text says why, without path and query."""


def check_form(url: str) -> SplitResult:
    """Return a URL's parts.

    Raises:
        RefusedAddressError: no http(s) URL, no host, a user name or a fragment in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedAddressError("the webhook's URL can't be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise RefusedAddressError("a webhook's URL is https://host/path")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise RefusedAddressError("a webhook's URL has no user name and no fragment")
    if not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise RefusedAddressError("a webhook's URL has ASCII characters and no spaces")
    return parts


def checked(parts: SplitResult, allowed: frozenset[str], resolve: Resolve) -> str:
    """Return the address to connect to: resolved once, so that it can't change after the check.

    Args:
        parts: of the URL.
        allowed: hosts that may have any address, and may be asked by plain http.
        resolve: host and port to addresses.

    Raises:
        RefusedAddressError: plain http, or an address that is not of the public internet.
        OSError: the name is not known.
    """
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if host not in allowed and parts.scheme != "https":
        raise RefusedAddressError(f"{host}: https only, unless CITYOPS_NOTIFY__WEBHOOK_HOSTS lists it")
    found = resolve(host, port)
    if not found:
        raise OSError(f"{host} has no address")
    if host not in allowed and not all(public(text) for text in found):
        # Not which address it has: whoever may register a webhook could else ask for inner names.
        raise RefusedAddressError(
            f"{host} is not of the public internet; CITYOPS_NOTIFY__WEBHOOK_HOSTS may list it"
        )
    return found[0]


def public(text: str) -> bool:
    """Whether an address is of the public internet, the one within it too where it carries one."""
    address: IPAddress = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
        elif address.teredo is not None or address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """Return a host's addresses, as the system finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
