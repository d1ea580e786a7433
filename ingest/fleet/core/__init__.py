"""Pure: layers of settings into one, and what a device lacks of what it should be."""
