"""What the watch can be told: the parameters of its rules, with their limits."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rules.core.figures import NotNegative, Positive, Share
from rules.core.parameters import AlarmRule


class NoReadingsParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A town of which nothing is heard.

    Attributes:
        silent_s: nothing received for so long [s] ...
        intervals: ... and for so many intervals of the most frequent device that ever reported.
        clear_share: below this share of that time since the last readings it is over.
        left_out: kinds of device that report only now and then.
    """

    silent_s: Positive
    intervals: Positive
    clear_share: Share
    left_out: tuple[str, ...]


class RulesBehindParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules that do not follow the ingester: the alarm's levels say from how many seconds on."""


class ChannelFailingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A channel on which messages do not go out.

    Attributes:
        failures: attempts in a row that failed.
        waits_s, clear_waits_s: a message that is due waits for longer than this; no longer than that [s].
        within_s: attempts further back do not count [s].
    """

    failures: Annotated[int, Meta(ge=1, le=100)]
    waits_s: Positive
    clear_waits_s: NotNegative
    within_s: Positive

    def __post_init__(self) -> None:
        if not self.clear_waits_s < self.waits_s:
            raise ValueError(f"clear_waits_s {self.clear_waits_s:g} must be below waits_s {self.waits_s:g}")


class RotaEmptyParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rota with nobody in it: the alarm's levels say for how many hours ahead.

    Attributes:
        ahead_h: how far ahead it is looked at; beyond it there is nobody.
    """

    ahead_h: Positive


class QuarantinedParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A device that is kept out: there is nothing to set, it is or it is not."""


class WatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule of the watch."""

    no_readings: AlarmRule[NoReadingsParameters]
    rules_behind: AlarmRule[RulesBehindParameters]
    channel_failing: AlarmRule[ChannelFailingParameters]
    rota_empty: AlarmRule[RotaEmptyParameters]
    quarantined: AlarmRule[QuarantinedParameters]

    @property
    def by_id(self) -> dict[str, AlarmRule[Any]]:
        """The rules by their ids."""
        rules = (self.no_readings, self.rules_behind, self.channel_failing, self.rota_empty, self.quarantined)
        return {r.id: r for r in rules}
