"""Mute rules, severities and thresholds of a team: what of the findings counts for it, and how much."""
