"""What a broker's password file lacks, and how it reads with that. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.provisioning.ports import Changes, Wanted


def changes_of(lines: Mapping[str, str], wanted: Wanted) -> Changes:
    """Return what is to be done so that the passwords in ``lines`` are those wanted.

    Whoever is not spoken of, as services and devices that are not provisioned, stays. A device with a certificate has
    no password.
    """
    passwords = {name: login.verifier for name, login in wanted.logins.items() if login.kind == "token"}
    gone = (wanted.refused | wanted.logins.keys()) - passwords.keys()
    return Changes(
        added=sorted(passwords.keys() - lines.keys()),
        changed=sorted(n for n, verifier in passwords.items() if n in lines and lines[n] != verifier),
        removed=sorted(gone & lines.keys()),
    )


def parse(text: str) -> dict[str, str]:
    """Return the password hashes in a password file, in its order."""
    parts = (line.partition(":") for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return {name: secret for name, _, secret in parts}


def changed(text: str, wanted: Wanted, changes: Changes) -> str:
    """Return a password file with the changes; lines that are not spoken of stay as they are."""
    touched = {*changes.added, *changes.changed, *changes.removed}
    kept = [line for line in text.splitlines() if line.partition(":")[0] not in touched]
    new = [f"{name}:{wanted.logins[name].verifier}" for name in (*changes.added, *changes.changed)]
    return "".join(f"{line}\n" for line in (*kept, *new))
