"""Judges drills: what is restored, what came back, what the proofs saw."""
