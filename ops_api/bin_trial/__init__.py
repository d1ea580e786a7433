"""``cityops bins trial``: what each way of choosing bins would have cost in a simulated town with real rules and rounds."""
