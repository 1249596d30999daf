"""The database schema that the messenger and the migration agree on."""
