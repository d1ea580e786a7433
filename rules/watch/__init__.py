"""The watch beside the alarm desk: what fails of the platform itself raises alarms as anything else does."""
