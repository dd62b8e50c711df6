"""Read the ledger and conclude: the verdict, a year of trends, the auditor's bundle."""
