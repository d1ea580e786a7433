"""What settings do on a frog: eyes and judgement."""

from __future__ import annotations

from devices.agent.frog import Frog, Manner
from devices.agent.frog_config import EyesSection
from devices.contract.settings.model import Settings
from devices.drivers.eyes import DARK, Pattern
from devices.page.judge import Limits

_MOODS = ("calm", "look", "act")


class JudgeEffect:
    """Eyes and judgement of a frog."""

    def __init__(self, frog: Frog, eyes: EyesSection | None, declared: Settings) -> None:
        self._frog = frog
        self.installed: Settings = {
            **{name: value for name, value in declared.items() if name.startswith("judge.")},
            **({name: value for name, value in declared.items() if name.startswith("eyes.")} if eyes else {}),
            **({"eyes.dark_from_h": eyes.dark_from, "eyes.dark_until_h": eyes.dark_until} if eyes else {}),
        }
        self._declared = declared

    def apply(self, settings: Settings) -> None:
        """Have the frog behave so."""
        whole = {**self._declared, **settings}
        night = EyesSection(
            pin=0, dark_from=int(whole["eyes.dark_from_h"]), dark_until=int(whole["eyes.dark_until_h"])
        )
        self._frog.behave(
            Manner(
                awake=bool(whole["eyes.enabled"]),
                dark_at=night.dark_at if "eyes.dark_from_h" in settings else None,
                patterns={mood: _pattern(whole, mood) for mood in _MOODS},
                limits=Limits(
                    wall_look_pct=float(whole["judge.wall_look_pct"]),
                    wall_act_pct=float(whole["judge.wall_act_pct"]),
                    air_look_pct=float(whole["judge.air_look_pct"]),
                    air_act_pct=float(whole["judge.air_act_pct"]),
                    cold_c=float(whole["judge.cold_c"]),
                ),
            )
        )


def _pattern(settings: Settings, mood: str) -> Pattern:
    on_s, off_s = float(settings[f"eyes.{mood}_on_s"]), float(settings[f"eyes.{mood}_off_s"])
    return Pattern(on_s, off_s) if on_s > 0.0 else DARK
