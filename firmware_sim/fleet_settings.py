"""What hears the settings of a simulated device."""

from __future__ import annotations

from collections.abc import Callable

from devices.agent.agent import Agent
from devices.agent.effects import CadenceEffect, CalibrationEffect, Effects
from devices.agent.settings_card import MemoryCard
from devices.agent.settings_part import SettingsPart
from devices.contract.kind import Kind


def settings_of(
    agent: Agent, kind: Kind, now_s: Callable[[], float], monotonic: Callable[[], float]
) -> SettingsPart:
    """Return what hears a device's settings: how often it measures and its calibration follow them.

    Forgotten with the process: they are retained on the broker. Confirmed by the server's word alone, for what is
    counted is the whole fleet's.

    Args:
        agent: whose.
        kind: of the device.
        now_s: the simulated time, which readings are due by [s].
        monotonic: the network's time [s].
    """
    effects = Effects(kind, (CadenceEffect(agent.sampler, now_s), CalibrationEffect(agent.sampler, kind)))
    return SettingsPart(
        kind,
        MemoryCard(),
        effects,
        monotonic,
        receipts=lambda: 0,
        firmware=agent.identity.firmware,
        boot=agent.boot,
    )
