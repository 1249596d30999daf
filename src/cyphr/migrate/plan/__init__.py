"""What a migration will do, told before anything is done: what moves and what stays, time, room and cost."""
