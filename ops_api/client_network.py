"""What counts as one sender: the network of an address. Pure."""

from __future__ import annotations

import ipaddress


def network_of(address: str) -> str:
    """Return the network of an address: an IPv4 address itself, of IPv6 the first 64 bits; else the text."""
    try:
        at = ipaddress.ip_address(address)
    except ValueError:
        return address
    if at.version == 6 and at.ipv4_mapped is not None:
        return str(at.ipv4_mapped)
    return str(at) if at.version == 4 else str(ipaddress.ip_network((at, 64), strict=False))
