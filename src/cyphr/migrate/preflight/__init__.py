"""The checks before a migration starts: one module each, found by trying, with nothing left changed on either side."""
