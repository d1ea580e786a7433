"""What people call a browser, from what it says of itself: "Firefox on Windows". Pure."""

from __future__ import annotations

_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"), ("python", "A Python program"),
)  # fmt: skip
"""In this order: nearly all of them say Safari as well, and many Chrome."""
_SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "a Chromebook"),
    ("Mac OS X", "a Mac"), ("Linux", "Linux"),
)  # fmt: skip
MOST = 60


def browser_name(agent: str) -> str:
    """Return what to call it; what is not known is shown as it says, cut short."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser:
        return f"{browser} on {system}" if system else browser
    if not agent.strip():
        return "A browser that does not say which"
    return agent if len(agent) <= MOST else f"{agent[:MOST].rstrip()}…"
