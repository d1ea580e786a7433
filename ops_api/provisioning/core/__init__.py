"""The decisions of provisioning. Pure: times and chance are arguments."""
