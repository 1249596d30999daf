"""What happened in a migration: for people (Markdown, HTML) and machines (JSON)."""
