"""The running road forecast on nights of the simulated town, against what is true there."""
