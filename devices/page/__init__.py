"""The frog's own page on the home network: what it measured, kept here, shown without the town."""
