"""What happened to accounts, sessions and factors, and who did it: appended once, never changed."""
