"""Data quality: devices that need a look, judged from their own readings and their neighbours'. Pure."""
