"""The duty officer's desk: who said what of the engine's proposals."""
