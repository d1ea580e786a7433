"""What both books say when they refuse."""

from __future__ import annotations


def no_home() -> str:
    """Return the words for an unknown code, which is not repeated: it may be somebody's with a slip."""
    return "No home has this code."


def no_case(case_id: int) -> str:
    """Return the words for an unknown case."""
    return f"There is no case {case_id}."


def no_contact(contact_id: int) -> str:
    """Return the words for an unknown contact."""
    return f"There is no entry {contact_id} in this contact log."


def no_photo(photo_id: int) -> str:
    """Return the words for an unknown photo."""
    return f"There is no photo {photo_id} in this home."


def replied(contact_id: int) -> str:
    """Return the words for a second reply."""
    return f"Entry {contact_id} has a reply already; write a new entry for what came later."
