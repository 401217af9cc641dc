"""One search over accounts, resources, rules and controls."""
