"""restic as a subprocess, 0.14 to 0.19: calls, answers, errors, and how long to wait for them."""
