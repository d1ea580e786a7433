"""The evidence pack: what is in it, how its parts hang together, what a check finds. Pure."""
