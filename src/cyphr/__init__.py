"""Cyphr: a messenger native to AWS, and the migration that moves it there from Supabase."""
