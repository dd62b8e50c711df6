"""Rehearse the restore of one critical process, step by step."""
