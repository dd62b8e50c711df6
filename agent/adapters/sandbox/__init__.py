"""Proof commands behind walls: in namespaces of our own, or in a unit of systemd."""
