"""Finding people: by an exact @cyphr_id, so far."""
