"""The rules of a town that plays faster than life: they wait longer for readings, until it is live.

Readings are some tenths of a second on their way, whatever the speed. At 480 times that of life these are
minutes of the town's time, and what takes longer than the rules' allowed lateness would be late.
"""

from __future__ import annotations

from cityops.runtime.stop import in_thread
from cityops.settings import Settings
from ops_api.demo.children import Children
from ops_api.demo.services import wait_ready

WAY_S = 1.0
"""How long readings may be on their way at any speed [s of life]: batches of several shards, one after the other."""
ITERATIONS = 300
"""Of the search for a day's rounds: seconds for the demo's town on a laptop that does all the rest beside."""
_LATENESS = "CITYOPS_RULES__LATENESS_S"


def while_it_plays(settings: Settings) -> dict[str, str]:
    """Return what the rules' process gets in its environment while the town plays at its speed."""
    lateness_s = max(settings.rules.lateness_s, WAY_S * settings.sim.speed)
    found = {
        _LATENESS: f"{lateness_s:g}",
        "CITYOPS_ROUNDS__LOOK_EVERY_S": "0.2",
        "CITYOPS_ROUNDS__ITERATIONS": f"{min(settings.rounds.iterations, ITERATIONS)}",
    }
    if lateness_s != settings.rules.lateness_s:
        # Seconds of a search would be hours of the town's: such a plan comes when its day is over.
        found["CITYOPS_ROUNDS__REPLAN"] = "false"
    return found


async def as_live(children: Children, settings: Settings) -> None:
    """Start the rules again as they are in life, where that is another way; what waits with them is fetched again.

    Raises:
        TransientError: they ended or were not ready in time.
    """
    usual = f"{settings.rules.lateness_s:g}"
    if children.environment[_LATENESS] == usual:
        return
    live = {_LATENESS: usual, "CITYOPS_ROUNDS__REPLAN": str(settings.rounds.replan).lower()}
    children.environment = {**children.environment, **live}
    await in_thread(lambda: children.end("rules"))
    children.start("rules", ["rules", "run"])
    await wait_ready(children, "rules", int(children.environment["CITYOPS_RULES__HEALTH_PORT"]))
