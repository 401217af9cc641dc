"""The simulated AWS: moto for the services, behind a thin layer that adds what moto lacks (see ../README.md)."""
