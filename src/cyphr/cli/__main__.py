"""``python -m cyphr.cli``: the same as ``cyphr``, for processes that start others with their own interpreter."""

from cyphr.cli.main import app

app()
