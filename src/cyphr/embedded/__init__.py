"""The one-machine stack: two PostgreSQL servers, the AWS stand-in and the messenger, as they stand in production."""
