"""The ledger on disk: one SQLite file, append-only and hash-chained, with its head beside it."""
