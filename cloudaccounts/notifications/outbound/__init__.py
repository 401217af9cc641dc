"""Calls to addresses that somebody typed: they reach the internet, and nothing inside this network."""
