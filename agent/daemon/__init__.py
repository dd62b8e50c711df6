"""The service: what is due, run it, record it."""
