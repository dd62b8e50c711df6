"""The watcher: inotify through watchdog, bounded, in threads that may hang without harm."""
