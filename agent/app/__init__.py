"""Composition root, one module for what it wires: only here adapters are built and handed to operations."""
