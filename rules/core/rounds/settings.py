"""What holds for all lorries of the rounds: what an overflow is worth, breaks, turns."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)")

BreakRule = Literal["eu", "work", "none"]
BREAKS: dict[str, tuple[str, int, int]] = {
    "eu": ("driving", 16_200, 2_700),
    "work": ("work", 21_600, 1_800),
}
"""Rule → (what is counted, after so long [s], so long a break [s]). ``eu``: 45 min after 4 h 30 min of driving
(Regulation (EC) 561/2006, article 7); ``work``: 30 min after 6 h of work (Directive 2002/15/EC, article 5; the UK's
Road Transport (Working Time) Regulations 2005). A break counts when it is taken in one piece."""


USUAL_KG_PER_L = 0.07


def clock_s(text: str, what: str) -> int:
    """Return a time of day [s after midnight]; 24:00 and later are the next day.

    Raises:
        ValueError: it is none, in words.
    """
    found = _CLOCK.fullmatch(text)
    if not found or int(found[2]) > 59 or int(found[1]) > 47:
        raise ValueError(f"{what}: {text!r} is no time; allowed: hours and minutes like 06:30")
    return 3600 * int(found[1]) + 60 * int(found[2])


class RoundSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds for all lorries. Defaults of our own unless a source is named.

    Attributes:
        rho_gbp: what an overflow is worth avoiding [£]: the one knob between service and kilometres. A may-go bin is
            taken where its way costs less than rho times its chance of an overflow.
        must_gbp: of a must-go bin not met [£]; only compared where not all can be met.
        break_rule: of the crews, see ``BREAKS``.
        change_gbp: a bin changes its lorry or its place in the order only where that saves more [£].
        attach_m: a bin stands at most so far from its street [m].
        kg_per_l: by stream, what a litre of loose waste weighs [kg/l]; 0.07 of a stream that is not named, which is what
            Enevo reckoned with in Edinburgh 2016: derived, not measured. Weighbridge tickets know better.
        driving_share: of a street's speed that a lorry drives.
        right_s, left_s, straight_s, turn_round_s: what a turn takes [s] (traffic on the left).
    """

    rho_gbp: float = 40.0
    must_gbp: float = 500.0
    break_rule: BreakRule = "work"
    change_gbp: float = 0.25
    attach_m: float = 100.0
    kg_per_l: dict[str, float] = {}
    driving_share: float = 0.8
    right_s: float = 12.0
    left_s: float = 6.0
    straight_s: float = 2.0
    turn_round_s: float = 60.0

    def density(self, stream: str) -> float:
        """Return what a litre of a stream weighs [kg/l]."""
        return self.kg_per_l.get(stream, USUAL_KG_PER_L)

    @property
    def break_(self) -> tuple[str, int, int] | None:
        """(driving or work, after so long, so long a break) [s]; None without a rule."""
        return BREAKS.get(self.break_rule)
