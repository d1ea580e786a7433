"""The chain over all acts: each carries a hash over the one before it and itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import msgspec

from rules.core.collection_acts.record import Act

FIRST = hashlib.sha256(b"cityops-collection-acts-1\n").hexdigest()
"""The link before the first act."""
_LEFT_OUT = ("link", "recorded_s")


def link_of(before: str, act: Act) -> str:
    """Return the link of an act after the link ``before``."""
    plain = {k: v for k, v in msgspec.to_builtins(act).items() if k not in _LEFT_OUT}
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}\n".encode()).hexdigest()


def broken(acts: Sequence[Act], before: str = FIRST) -> tuple[int, ...]:
    """Return the numbers of acts whose link does not follow; ``before``: the link before the first of them."""
    found = []
    for act in acts:
        if link_of(before, act) != act.link:
            found.append(act.act_id)
        before = act.link
    return tuple(found)
