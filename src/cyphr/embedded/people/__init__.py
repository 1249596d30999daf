"""Simulated people: they chat over the real HTTP and WebSocket APIs, and remember every write that was acknowledged.

``crowd`` runs them, ``record`` is what they remember, ``audit`` looks all of it up in a database afterwards. They know
the messenger only by its contract; nothing here imports it.
"""
