"""What both services that plan around closures share: what is closed, each reason tried once, people told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from rules.closing.ports import Closures
from rules.closing.telling import Tells
from rules.core.closing.concern import Concern, concern, concern_words
from rules.core.closing.hours import Driven
from rules.core.closing.model import AHEAD_S, Closure
from rules.core.network.network import Network


@dataclass
class Watch:
    """Closures as one service sees them.

    Args:
        closures: who knows.
        tells: of new plans.
        to: who is told, as an escalation names them.
        zone: of the town, for the words.
    """

    closures: Closures
    tells: Tells
    to: str
    zone: tzinfo
    _tried: tuple[str, Concern] | None = field(default=None, init=False)

    async def standing(self, now_s: float, gone_round: Collection[str]) -> Sequence[Closure] | None:
        """Return the closures of the coming shift; None where neither they nor a plan's can matter."""
        found = await self.closures.between(now_s, now_s + AHEAD_S)
        return found if found or gone_round else None

    def why(
        self,
        of: str,
        driven: Iterable[Driven],
        gone_round: Collection[str],
        leaves_out: bool,
        standing: Sequence[Closure],
        network: Network,
        now_s: float,
    ) -> str:
        """Return why a plan is to be made again, in words; empty: it need not, or that was tried.

        Args:
            of: the night or day.
            driven: what lorries are still to drive.
            gone_round: stretches that were closed when it was made.
            leaves_out: whether it leaves something undone.
            standing: closures of the coming shift.
            network: the roads.
            now_s: the town's time [s since 1970].
        """
        found = concern(driven, gone_round, leaves_out, standing, now_s)
        if not found:
            self._tried = None
            return ""
        if self._tried == (of, found):
            return ""
        self._tried = of, found
        return concern_words(found, standing, network, now_s, self.zone)

    def again(self) -> None:
        """Forget that it was tried: somebody else was faster, and what they made is looked at."""
        self._tried = None

    async def told(self, what: str, key: str, why: str, address: str) -> None:
        """Tell the people concerned: ``what`` happened, and ``why``."""
        await self.tells.tell(self.to, key, what, f"{why[:1].upper()}{why[1:]}. {address}")
