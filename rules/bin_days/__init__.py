"""Households' collection days: where they are kept, how they are read from files, calendars, reminders."""
