"""Messages: sending, reading back, and how far each member has got."""
