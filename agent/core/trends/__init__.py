"""The last twelve months of a process, and the pictures of them."""
