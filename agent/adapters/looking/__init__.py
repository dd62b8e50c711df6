"""Looks into files of others in a process of its own, which has no rights and reaches nothing of ours."""
