"""What several operations ask the ledger, or note in it, on their way."""
