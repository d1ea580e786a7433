"""How many files a process may have open: a fleet has a socket for each device."""

from __future__ import annotations

import resource


def raise_file_limit(needed: int) -> None:
    """Allow as many sockets as there are devices, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        limit = needed if hard == resource.RLIM_INFINITY else min(max(needed, soft), hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
