"""Where a person is signed in: what they see of it, and ending it from afar."""
