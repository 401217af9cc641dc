"""What the first edition's own code leaves in its databases: `then/` runs there, `looking_now.py` here."""
