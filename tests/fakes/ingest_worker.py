"""An ingest worker as a process of its own: ``python -m tests.fakes.ingest_worker``.

Settings come from the environment, as in production. On SIGTERM it drains, and prints
the CPU time that it used [s] as its last line.
"""

from __future__ import annotations

import asyncio
import os
import time

from cityops import logs
from cityops.runtime.stop import Stop
from cityops.settings import load_settings
from ops_api.wiring_ingest import run_ingest


async def main() -> None:
    settings = load_settings()
    logs.configure(settings.log)
    stop = Stop()
    with stop.install_signals():
        started = time.process_time()
        await run_ingest(settings, stop)
    print(f"{time.process_time() - started:.3f}", flush=True)


if __name__ == "__main__":
    if os.environ.get("INGEST_WORKER_LOOP") == "asyncio":
        asyncio.run(main())
    else:
        import uvloop

        uvloop.run(main())
