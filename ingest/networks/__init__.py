"""Road networks of maps in the registry's tables: each import replaces the one before of its name."""
