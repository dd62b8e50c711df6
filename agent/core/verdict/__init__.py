"""READY, AT RISK, NOT READY or UNKNOWN, with reasons: a pure function of config, evidence and time."""
