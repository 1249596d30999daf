"""E-mail and password, kept by a Cognito user pool and reached through our API."""
