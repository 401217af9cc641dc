"""The HTTP API's calls about accounts, and what all calls share. Loaded by the first call (docs/decisions/0012)."""
