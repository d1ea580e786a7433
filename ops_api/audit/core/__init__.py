"""Lines of the audit and their chain. Pure."""
