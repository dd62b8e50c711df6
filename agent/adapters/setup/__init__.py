"""What `init` writes and what `validate` asks this machine."""
