"""The migration: moves a live Supabase project to AWS, one service at a time, and can hand every one back."""
