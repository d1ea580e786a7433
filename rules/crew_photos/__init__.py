"""Photos that crews take at bins, each with the act that it belongs to."""
