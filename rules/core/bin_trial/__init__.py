"""Ways of choosing bins played against the same demand: what each would have cost. Pure."""
