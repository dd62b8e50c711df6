"""The private room of a drill: restored files, compared, read, and removed again."""
