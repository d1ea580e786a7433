"""One module per board; each declares ``BOARD``."""
