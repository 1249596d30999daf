"""Groups: who is in one, as what, and what it is called."""
