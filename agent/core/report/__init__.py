"""A verdict in words and figures: for the owner, the administrator, the auditor, scripts and Prometheus."""
