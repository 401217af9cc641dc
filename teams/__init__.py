"""Teams: who sees what, and what they may do with it. Below `cloudaccounts`, which it does not know."""
