"""What the ledger holds: records, findings, and the chain that ties them together."""
