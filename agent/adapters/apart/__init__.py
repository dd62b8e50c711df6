"""Drills of the service work apart from the ledger: as another user, over a socket."""
