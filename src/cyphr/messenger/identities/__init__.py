"""One account, several methods of signing in."""
