"""What may be removed and what must never be; which snapshots have to be there; what plan B still lacks."""
