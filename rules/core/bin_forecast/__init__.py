"""How full a bin will be: what is added by weekday, the chance that it reaches a level, calibrated. Pure."""
