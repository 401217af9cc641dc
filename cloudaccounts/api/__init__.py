"""The HTTP API's part about accounts, and what every part of it shares. Imported only when the API is called."""
