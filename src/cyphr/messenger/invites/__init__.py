"""Links by which people come into a group."""
