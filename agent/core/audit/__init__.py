"""The auditor's bundle: every drill of a period, its evidence, and a checklist."""
