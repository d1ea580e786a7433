"""How systemd starts the launcher."""

from __future__ import annotations

from pathlib import Path

from devices.agent.commands.update import DEFAULT_ROOT

ROOT = Path(__file__).parents[2]


def test_the_drop_in_starts_the_launcher_for_ever_on_the_devices_own_folder() -> None:
    lines = (ROOT / "deploy/agent/launcher.conf").read_text().splitlines()
    starts = [line.removeprefix("ExecStart=") for line in lines if line.startswith("ExecStart=")]
    assert starts[0] == ""  # takes back what the unit says
    program, alone, launcher, root, command = starts[1].split()
    assert program.startswith("/opt/cityops-agent/")
    assert alone == "-IS", "nothing that lies beside Python, and no time for it"
    assert Path(root) == DEFAULT_ROOT
    assert command == "run"
    # What an update writes and what starts it lie apart.
    assert not Path(launcher).is_relative_to(DEFAULT_ROOT.parent)
    assert Path(launcher).name == (ROOT / "devices/launcher/launch.py").name
    assert "Restart=always" in lines
