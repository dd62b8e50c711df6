"""Take a snapshot; look what would be lost now."""
