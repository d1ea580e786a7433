"""The port to the process that verifies and unpacks, and the two ways to it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

import msgspec

from devices.agent.update.files import Files
from devices.agent.update.job import Job, Staged

if TYPE_CHECKING:
    import subprocess


class Stager(Protocol):
    """Does one job at a time."""

    def begin(self, job: Job) -> None:
        """Start the job."""
        ...

    @property
    def busy(self) -> bool:
        """Whether one was begun whose end was not taken."""
        ...

    def ended(self) -> Staged | None:
        """Return how it went, once; None while it goes on or there is none."""
        ...

    def stop(self) -> None:
        """End it; it may be begun again."""
        ...


class ProcessStager:
    """In a process of its own, at low priority."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def busy(self) -> bool:
        """Whether one was begun whose end was not taken."""
        return self._process is not None

    def begin(self, job: Job) -> None:
        """Start the process."""
        import subprocess  # half a megabyte that a device needs a few times a year

        command = [sys.executable, "-P", "-m", "devices.agent.update.stage"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(["nice", "-n", "10", *command], stdin=pipe, stdout=pipe)
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(job))
        process.stdin.close()
        self._process = process

    def ended(self) -> Staged | None:
        """Return how it went, once."""
        process = self._process
        if process is None or process.poll() is None:
            return None
        self._process = None
        assert process.stdout is not None
        with process.stdout:
            said = process.stdout.read()
        try:
            return msgspec.json.decode(said, type=Staged)
        except msgspec.DecodeError:
            return Staged(code="process", reason=f"the update's process ended with {process.returncode}")

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


class InlineStager:
    """Within the caller, at once: for simulated devices, of which there are hundreds."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._staged: Staged | None = None

    @property
    def busy(self) -> bool:
        """Whether an end was not taken."""
        return self._staged is not None

    def begin(self, job: Job) -> None:
        """Do the job."""
        from devices.agent.update.stage import run_job

        self._staged = run_job(self._files, job)

    def ended(self) -> Staged | None:
        """Return how it went, once."""
        staged, self._staged = self._staged, None
        return staged

    def stop(self) -> None:
        """Forget it."""
        self._staged = None
