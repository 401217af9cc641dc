"""Frameworks that a team writes itself: YAML, read by an allow-list and kept by revision."""
