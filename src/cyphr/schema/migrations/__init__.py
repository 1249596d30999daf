"""The migrations, in order. Each is safe while the code before it and the code after it both run."""
