"""How forecasts, decisions and the service of a night did, judged in the morning. Pure."""
