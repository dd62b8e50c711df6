"""Tell people: notice, write, send, acknowledge; and give a sign of life to the outside."""
