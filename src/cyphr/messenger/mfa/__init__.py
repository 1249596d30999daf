"""Second factors: authenticators, passkeys and recovery codes, and proving with them who one is."""
