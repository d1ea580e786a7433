"""Any catalogue over stored readings."""
