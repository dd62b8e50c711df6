"""Work on repositories between snapshots: copy, check, retain, prune."""
