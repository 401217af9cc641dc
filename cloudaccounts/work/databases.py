"""The aliases of the two isolated databases (see `config.databases`, which this package may not import)."""

SECURITY = "cloud_security"

DISCOVERY = "cloud_asset_discovery"
