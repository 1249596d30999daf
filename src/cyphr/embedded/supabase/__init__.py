"""SQL that gives a PostgreSQL server the shape of a Supabase project."""
