"""The messenger. Each feature is a folder of the same files: models, service (the rules), queries.sql, routes."""
