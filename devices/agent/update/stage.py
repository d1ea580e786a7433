"""The update's own process: fetch what is missing (HTTP), verify, unpack. Its memory goes with it.

``python -m devices.agent.update.stage`` reads a
:class:`devices.agent.update.job.Job` from its standard input and writes
how it went to its standard output. It changes nothing but the spare slot, the fetched file and the list of keys; killed on the way, it is
started again and does the same.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import msgspec

from devices.agent.update.durable import Places
from devices.agent.update.files import Files, RealFiles, keep
from devices.agent.update.job import Job, Staged
from devices.agent.update.state import InSlot
from devices.agent.update.unpack import unpack
from devices.agent.update.verify import newer_keys, verify_bundle
from devices.contract.update.container import Head, read_head, sha256_of
from devices.contract.update.manifest import (
    BundleError,
    KeyList,
    Signed,
    canonical,
    check_fits,
    read_keys,
)


def stage(files: Files, job: Job) -> InSlot:
    """Verify the fetched bundle and put it into the slot.

    Raises:
        BundleError: it is not taken.
        OSError: the card.
    """
    places = Places(Path(job.root))
    path = places.bundle(job.bundle)
    with path.open("rb") as file:
        if sha256_of(file) != job.bundle:
            raise BundleError("damaged", "what was fetched is not what was offered")
        file.seek(0)
        head = read_head(file)
        keys = _believed(files, places, job, head)
        manifest = verify_bundle(head.manifest, keys)
        check_fits(
            manifest,
            kind=job.kind,
            machine=job.machine,
            python=job.python,
            running=job.running,
            floor=job.floor,
            back_to=job.back_to,
            now_s=job.now_s,
        )
        running = places.slot(job.running_slot) if job.running_slot else None
        unpack(files, file, manifest, canonical(manifest), places.slot(job.slot), running)
    return InSlot(
        bundle=job.bundle,
        serial=manifest.serial,
        version=manifest.version,
        rollback_to=manifest.rollback_to,
    )


def known_keys(files: Files, places: Places, keys_file: Path) -> KeyList:
    """Return the newest list of keys that this device believes: of the card, or of a bundle before.

    Raises:
        BundleError: there is none that can be read.
    """
    kept, came = files.read(places.keys), files.read(keys_file)
    lists = [_read(text) for text in (kept, came) if text is not None]
    found = [keys for keys in lists if keys is not None]
    if not found:
        raise BundleError("key", f"no list of keys: neither {places.keys} nor {keys_file}")
    return max(found, key=lambda keys: keys.serial)


def _read(text: bytes) -> KeyList | None:
    """Return a list that was kept bare, or signed as the server hands it out."""
    try:
        return read_keys(text)
    except BundleError:
        pass
    try:
        return read_keys(msgspec.json.decode(text, type=Signed).text.encode())
    except (BundleError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _believed(files: Files, places: Places, job: Job, head: Head) -> KeyList:
    keys = known_keys(files, places, Path(job.keys_file))
    newer = newer_keys(head.keys, keys) if head.keys is not None else None
    if newer is None:
        return keys
    keep(files, places.keys, canonical(newer))
    return newer


def run_job(files: Files, job: Job) -> Staged:
    """Do the job; what is wrong is returned, not raised."""
    try:
        if job.url:
            from devices.agent.update.http_fetch import fetch

            fetch(files, job)
        return Staged(slot=stage(files, job))
    except BundleError as e:
        return Staged(code=e.code, reason=str(e))
    except OSError as e:
        code = "space" if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "card"
        return Staged(code=code, reason=f"{e.strerror or e}")


def main() -> int:
    """Read a job, do it, write how it went. What it writes is the agent's alone, whatever the agent was started with."""
    os.umask(0o077)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(run_job(RealFiles(), job)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
