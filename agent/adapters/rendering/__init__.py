"""Reports and screens as text and HTML, and the progress of long work."""
