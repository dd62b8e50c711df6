"""`readiness init` and `readiness validate`: set up, and check a config against the machine."""
