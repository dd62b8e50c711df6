"""Addresses of the web that hold a secret: the outside watcher, the webhook."""
