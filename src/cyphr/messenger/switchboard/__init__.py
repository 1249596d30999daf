"""Where each service stands, for clients and operators to see."""
