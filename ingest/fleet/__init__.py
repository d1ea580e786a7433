"""What the server tells devices to be like, and whether they are: settings, their versions and drift."""
