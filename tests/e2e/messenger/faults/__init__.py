"""Accidents that happen to the messenger: whatever they are, nothing is lost, doubled or out of order."""
