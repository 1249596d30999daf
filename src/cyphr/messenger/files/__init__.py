"""Files, on whichever side the service stands."""
