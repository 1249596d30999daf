"""What everything else stands on: errors, settings, PostgreSQL, named queries, AWS, the clock, ids, logs."""
