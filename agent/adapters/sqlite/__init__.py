"""SQLite databases of others, live and restored: read, counted and copied without leaving a trace."""
