"""The crash campaign: accidents at random moments of a migration under traffic, and an audit of what was promised."""
