"""The services that teams send their events to, simulated behind the vendors' own host names."""
