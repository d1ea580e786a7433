"""HTTP routes, one module per subject. They hold no SQL and no business rule."""
