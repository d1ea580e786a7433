"""Words and colours of the states that rules give; the same on every board."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dashboards.panels import BAD, GOOD, INFO, NEUTRAL, WARN, Meanings, Steps

SEVERITY: Meanings = MappingProxyType(
    {
        "critical": ("critical", BAD),
        "major": ("major", BAD),
        "warning": ("warning", WARN),
        "info": ("info", INFO),
    }
)
OUTCOME: Meanings = MappingProxyType(
    {
        "treat": ("treat", BAD),
        "refer": ("a person decides", WARN),
        "monitor": ("watch", WARN),
        "no_action": ("no action", GOOD),
        "collect": ("collect", INFO),
    }
)
ROUTE_STATUS: Meanings = MappingProxyType(
    {
        "overdue": ("overdue", BAD),
        "to_treat": ("to treat", WARN),
        "under_way": ("under way", INFO),
        "refer": ("a person decides", WARN),
        "treated": ("treated", GOOD),
        "watch": ("watch", WARN),
        "none": ("no action", GOOD),
    }
)
SURFACE: Meanings = MappingProxyType(
    {
        "ice": ("ice", BAD),
        "snow": ("snow", BAD),
        "hoar": ("hoar frost", WARN),
        "wet": ("wet", INFO),
        "damp": ("damp", INFO),
        "dry": ("dry", GOOD),
        "unknown": ("unknown", NEUTRAL),
    }
)
BIN_STATE: Meanings = MappingProxyType(
    {
        "overflowing": ("overflowing", BAD),
        "full": ("full", WARN),
        "ok": ("ok", GOOD),
        "unknown": ("unknown", NEUTRAL),
    }
)
RISK: Meanings = MappingProxyType(
    {"high": ("high", BAD), "raised": ("raised", WARN), "low": ("low", GOOD), "unknown": ("unknown", NEUTRAL)}
)
WARNING_OUTCOME: Meanings = MappingProxyType(
    {
        "hit": ("warned, and it froze", GOOD),
        "miss": ("missed", BAD),
        "false_alarm": ("warned, no frost", WARN),
        "correct_rejection": ("no warning, no frost", GOOD),
        "unknown": ("nobody measured", NEUTRAL),
    }
)
VERDICT: Meanings = MappingProxyType(
    {
        "less": ("less", INFO),
        "more": ("more", WARN),
        "not shown": ("not shown", NEUTRAL),
        "not known": ("not known", NEUTRAL),
    }
)
FLAG: Meanings = MappingProxyType({"true": ("yes", WARN), "false": ("no", GOOD)})

NONE_IS_GOOD: Steps = ((None, GOOD), (1, BAD))
NONE_IS_FINE: Steps = ((None, GOOD), (1, WARN))
FREEZING: Steps = ((None, BAD), (0, WARN), (3, GOOD))
"""Road surface temperature [°C]: the margin of 3 °C is for the eye, rules have their own."""
# Limits are the rules' own (tests/unit/test_dashboard_rules.py holds them to the catalogue).
BIN_WARM: Steps = ((None, "transparent"), (50, WARN), (75, BAD))
"""Temperature in a bin [°C]: too warm where it rises fast, and a fire."""
FILL: Steps = ((None, GOOD), (60, INFO), (80, WARN), (95, BAD))
"""Fill level [%]."""


def by_code(codes: Mapping[int, str], meanings: Meanings) -> Meanings:
    """Return meanings by the integer code of a field, from those by name."""
    return {str(code): meanings[name] for code, name in codes.items()}
