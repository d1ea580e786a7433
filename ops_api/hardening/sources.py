"""How many connections each address has open, so that one alone can't take them all."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

ONE_HOME_V6 = 64
"""Bits of an IPv6 address that one home or company has: the rest it chooses freely."""


def source_of(host: str) -> str:
    """Return what counts as one: an IPv4 address, an IPv6 network of 64 bits; text that is neither as it is."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, ONE_HOME_V6), strict=False))


class Sources:
    """Counts open connections.

    Args:
        most: of one source.
        trusted: addresses and networks by commas that are not counted, as of proxies; ``*``: all.
    """

    def __init__(self, most: int, trusted: str) -> None:
        self._most, self._open = most, Counter[str]()
        names = [name.strip() for name in trusted.split(",") if name.strip()]
        self._all = "*" in names
        self._networks, self._names = _networks(names)

    def take(self, host: str) -> bool:
        """Count a connection; False where the source has as many as it may, and then nothing is counted."""
        if self._is_trusted(host):
            return True
        source = source_of(host)
        if self._open[source] >= self._most:
            return False
        self._open[source] += 1
        return True

    def give(self, host: str) -> None:
        """Count one less of a host whose ``take`` was counted."""
        if self._is_trusted(host):
            return
        source = source_of(host)
        self._open[source] -= 1
        if self._open[source] <= 0:
            del self._open[source]

    def _is_trusted(self, host: str) -> bool:
        if self._all or not host or host in self._names:
            return True
        try:
            address = ip_address(source_of(host).partition("/")[0] if "." in host else host.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _networks(names: list[str]) -> tuple[list[IPv4Network | IPv6Network], set[str]]:
    """Return those names that are networks, and the others."""
    networks, others = [], set()
    for name in names:
        try:
            networks.append(ip_network(name, strict=False))
        except ValueError:
            others.add(name)
    return networks, others
