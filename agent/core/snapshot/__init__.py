"""Judges live files and snapshots: the witness, how much there is, what changed, and what was kept."""
