"""Accounts, their credentials and their life: the core of the product."""
