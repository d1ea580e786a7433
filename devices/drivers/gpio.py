"""What ``lgpio`` needs before it is imported, here and inside ``gpiozero``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def give_lgpio_a_folder() -> None:
    """Name a folder in which ``lgpio`` may make its pipe ``.lgd-nfy0``: it makes one while it is imported.

    By default that is the process's own folder, ``/`` for a service, where only root may write: the
    import fails then. ``LG_WD`` is its own setting for it and is left alone where somebody has set it.
    """
    if "LG_WD" in os.environ:
        return
    given = os.environ.get("RUNTIME_DIRECTORY")
    folder = Path(given) if given else Path(tempfile.gettempdir()) / f"cityops-lgpio-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["LG_WD"] = str(folder)
