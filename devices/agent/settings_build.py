"""Builds the settings part of a real device."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from devices.agent.agent import Agent
from devices.agent.broker import BrokerAddress
from devices.agent.config import AgentConfig
from devices.agent.effects import (
    BrokerEffect,
    CadenceEffect,
    CalibrationEffect,
    Effect,
    Effects,
    HeaterEffect,
    LogEffect,
    defaults_of,
)
from devices.agent.settings_card import FileCard
from devices.agent.settings_part import SettingsPart
from devices.contract.kind import Kind

if TYPE_CHECKING:  # the page comes with it
    from devices.agent.frog import Frog

SETTINGS_FILE = "settings.json"


def make_settings(
    config: AgentConfig,
    kind: Kind,
    agent: Agent,
    sensors: Iterable[object],
    frog: Frog | None,
    *,
    move: Callable[[BrokerAddress], None],
    set_level: Callable[[str], None],
    level: str,
    up_s: Callable[[], float],
    tell: Callable[[str], None],
    is_blamed: bool,
    launcher: int = 0,
) -> SettingsPart:
    """Return the part, with what was in force before put in force again; the agent is yet to be joined by it.

    Args:
        config: as the device was installed.
        kind: of the device.
        agent: its sampler and identity.
        sensors: those with a heater follow the settings.
        frog: where it is one.
        move: has the link leave its broker for another one.
        set_level: of the log.
        level: of the log as it was installed.
        up_s: the sampler's clock: how long the machine has been on [s].
        tell: for the log.
        is_blamed: whether starts count against the settings.
        launcher: its version, 0 without one.
    """
    folder = Path(config.device.data_dir)
    effects: list[Effect] = [
        CadenceEffect(agent.sampler, up_s),
        CalibrationEffect(agent.sampler, kind),
        HeaterEffect(sensors),
        LogEffect(set_level, level),
    ]
    if frog is not None:
        from devices.agent.frog_effects import JudgeEffect  # what has no frog needs no page

        effects.append(JudgeEffect(frog, config.eyes, defaults_of(kind)))
    effects.append(BrokerEffect(move, config.address, folder))
    parts = [
        name for name, there in (("frog", frog), ("eyes", config.eyes), ("button", config.button)) if there
    ]
    return SettingsPart(
        kind,
        FileCard(folder / SETTINGS_FILE),
        Effects(kind, effects),
        time.monotonic,
        receipts=lambda: agent.counts.receipted,
        firmware=agent.identity.firmware,
        boot=agent.boot,
        parts=parts,
        launcher=launcher,
        up_s=up_s(),
        faults=lambda: (agent.sampler.failures, agent.sampler.last_failure),
        tell=tell,
        is_blamed=is_blamed,
    )
