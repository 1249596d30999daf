"""SQL that gives a PostgreSQL server the shape of an RDS instance."""
