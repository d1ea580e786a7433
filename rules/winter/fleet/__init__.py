"""Tonight's plans: kept, made, and followed."""
