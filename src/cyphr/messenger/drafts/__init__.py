"""Drafts: what one has begun to write, on all of one's devices."""
