"""What the service rests on: its child commands, systemd, and its sign of life."""
