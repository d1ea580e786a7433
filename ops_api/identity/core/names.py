"""Names of accounts, and which passwords are refused. Pure; NIST SP 800-63B-4 section 3.1.1, OWASP ASVS 5.0 section 6.2.

Length and what is often used decide; no rule asks for digits or signs, and no password runs out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet

PASSWORD_MOST = 200
"""Characters; more are refused, not cut off."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
_NAME_OF = re.compile(r"[^a-z0-9._-]+")


def is_name(text: str) -> bool:
    """Whether a text can be an account's name: 2 to 63 of a-z, 0-9, dot, hyphen and underline."""
    return _NAME.fullmatch(text) is not None


def name_from(text: str) -> str:
    """Return a name made of what a provider calls somebody; ``ada.lovelace`` of ``Ada.Lovelace@city.example``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().partition("@")[0]
    made = _NAME_OF.sub("-", plain).strip("._-")[:60]
    return made if is_name(made) else "staff"


def normal(password: str) -> str:
    """Return a password as it is hashed: the same text whichever keyboard composed it (NFC)."""
    return unicodedata.normalize("NFC", password)


def why_not(password: str, names: tuple[str, ...], least: int, common: AbstractSet[str]) -> str | None:
    """Return why a password is refused, in words for whoever chose it; None: it is not.

    Args:
        password: as chosen.
        names: of the account: its name and what people call its owner.
        least: fewest characters.
        common: passwords that many use, in lower case.
    """
    if len(password) < least:
        return f"Use at least {least} characters. Three or four words that have nothing to do with each other are good."
    if len(password) > PASSWORD_MOST:
        return f"Use at most {PASSWORD_MOST} characters."
    plain = password.casefold()
    if len(set(plain)) < 5 or plain in common or plain.strip("0123456789!?.*# ") in common:
        return "Many people use this password, and it is tried first. Choose another."
    if any(len(name) > 3 and name.casefold() in plain for name in names):
        return "Leave your own name out of your password."
    return None
