"""Verify: prove that both databases hold the same rows, while they go on changing."""
