"""The first page: risk and coverage, what needs attention, and what to fix first."""
