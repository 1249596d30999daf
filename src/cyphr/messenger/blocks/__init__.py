"""Whom a person keeps away, and who may add them to groups."""
