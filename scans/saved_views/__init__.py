"""Saved filters of lists, of a person or of a whole team."""
