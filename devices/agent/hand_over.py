"""What a command that ran as root made in the device's folder belongs to the agent: it could not write it otherwise."""

from __future__ import annotations

import os
from pathlib import Path


def hand_over(folder: Path, *patterns: str) -> None:
    """Give files to whoever the folder belongs to: the agent, who may have been there before root was.

    Raises:
        OSError: the card takes no change.
    """
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    for pattern in patterns:
        for path in folder.glob(pattern):
            os.chown(path, owner.st_uid, owner.st_gid)
