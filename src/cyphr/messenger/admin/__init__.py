"""What administrators do to the accounts of their tenant, and operators to all."""
