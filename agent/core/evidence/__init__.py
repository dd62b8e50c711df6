"""What the ledger knows of a process, a repository and the mail, and which part of it still counts."""
