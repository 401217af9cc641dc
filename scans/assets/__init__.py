"""Assets: the resources that scans found, how they are stored, listed and exported."""
