"""Composition root of telling people: mail, what goes past the mail, and what is told when nothing works."""
