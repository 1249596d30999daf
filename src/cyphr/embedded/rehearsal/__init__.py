"""The rehearsal: a whole migration on one machine, from nothing, with people chatting all the time."""
