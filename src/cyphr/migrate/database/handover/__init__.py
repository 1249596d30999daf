"""Handover: move the authority to write from one database to the other. The same code, sides swapped, hands it back.

``seats`` says who has it, ``readiness`` refuses what cannot be proven, ``fence`` closes and opens a database, ``move``
is the whole of it in order.
"""
