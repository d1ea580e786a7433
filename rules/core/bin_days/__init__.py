"""Households' collection days: calendars and their changes, finding an address, and what became of a missed bin. Pure."""
