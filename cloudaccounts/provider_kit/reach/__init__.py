"""Who may reach what, decided with sets of numbers: addresses, ports, protocols. No Django, no SDK.

A cloud's spelling decides nothing here: 0.0.0.0/0 and its two halves are one set. What is not known, or has a form that
is not known, is carried along as "may be anything", so that it can make a result unclear and never a pass.
"""
