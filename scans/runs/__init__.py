"""Runs: asking for scans, doing them in a worker, repairing interrupted ones, showing their progress."""
