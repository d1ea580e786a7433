"""What a fleet needs of machines: arithmetic on measured costs (``cityops capacity``). Pure."""
