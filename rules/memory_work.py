"""Work items in memory, as the database keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.core.effects import CloseWork, OpenWork

DONE_RESTS_S = 2 * 86_400.0
"""After an item was done its rule may not open another for so long [s]: what it judges must be new."""


@dataclass(slots=True)
class StoredWork:
    """A work item as the table holds it."""

    opened: OpenWork
    gone_at_s: float | None = None
    done_at_s: float | None = None


@dataclass(slots=True)
class MemoryWork:
    """The items, oldest first."""

    items: list[StoredWork] = field(default_factory=list)

    def apply(self, effect: OpenWork | CloseWork) -> None:
        """Open, say again, or note that the cause is gone."""
        mine = [
            w for w in self.items if (w.opened.rule_id, w.opened.device) == (effect.rule_id, effect.device)
        ]
        open_now = next((w for w in mine if w.done_at_s is None), None)
        if isinstance(effect, CloseWork):
            if open_now is not None and open_now.gone_at_s is None:
                open_now.gone_at_s = effect.at_s
        elif open_now is not None:
            open_now.gone_at_s = None
        elif all(w.done_at_s is None or w.done_at_s <= effect.at_s - DONE_RESTS_S for w in mine):
            self.items.append(StoredWork(effect))
