"""What a housing officer works with: homes that are shared ranked by risk, clocks of the council's cases, wards. Pure."""
