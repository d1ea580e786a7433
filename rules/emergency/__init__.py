"""Where emergency vehicles stand and how they get somewhere, as the town is now."""
