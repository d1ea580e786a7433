"""Which broker the device connects to: that of its file, or one that the fleet's settings have put in its place."""

from __future__ import annotations

from pathlib import Path

from devices.agent.broker import BrokerAddress
from devices.agent.config import AgentConfig
from devices.agent.doctor.finding import Finding, ok, warn
from devices.agent.effects import broker_of, is_same_broker
from devices.agent.settings_build import SETTINGS_FILE
from devices.agent.settings_card import CardError, peek
from devices.agent.settling import Memory


def effective(config: AgentConfig) -> tuple[BrokerAddress, Finding]:
    """Return where the agent connects to, and what is to be said of that; nothing is changed.

    Raises:
        ConfigurationError: the file names a password that can't be read.
    """
    installed, folder = config.address(), Path(config.device.data_dir)
    try:
        memory = peek(folder / SETTINGS_FILE)
    except CardError as e:
        fix = "run the doctor as the agent's user; what is damaged the agent sets aside, and hears its settings again"
        where = f"{installed.host}:{installed.port}, as the file says; there may be settings: {e}"
        return installed, warn("broker", where, fix)
    address = broker_of(memory.in_force.settings, installed, folder)
    if is_same_broker(address, installed):
        return installed, ok("broker", f"{installed.host}:{installed.port}, as the device's file says")
    return address, ok(
        "broker", f"{address.host}:{address.port}, {_by(memory)}; the file: {_file(installed)}"
    )


def _by(memory: Memory) -> str:
    on_trial = ", which has yet to be confirmed" if memory.trial is not None else ""
    return f"as the fleet's settings say (version {memory.in_force.version}{on_trial})"


def _file(installed: BrokerAddress) -> str:
    return f"{installed.host}:{installed.port}"
