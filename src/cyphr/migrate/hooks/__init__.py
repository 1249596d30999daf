"""What follows a handover outside of the databases: the operator's command, and places that name the database."""
