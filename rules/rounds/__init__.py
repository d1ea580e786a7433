"""The desk of the lorries' rounds: plans are made from the newest decision of ``bins.round`` and kept, appended only."""
