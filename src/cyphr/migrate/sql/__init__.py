"""The journal's tables and queries."""
