"""Registering, and what a person keeps of themselves."""
