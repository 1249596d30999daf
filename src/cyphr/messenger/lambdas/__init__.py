"""The AWS runtime: one handler per function, all of them calling the same features as the process does."""
