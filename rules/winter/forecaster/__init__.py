"""The running road forecast: an issue every half hour of event time, from what is stored, beside the engine."""
