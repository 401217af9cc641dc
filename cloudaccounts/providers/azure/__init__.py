"""Microsoft Azure. ``provider.py`` joins the rest; importing it loads no SDK."""
