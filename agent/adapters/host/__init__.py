"""This machine: processes, signals, users, locks, files of ours. The ground that other adapters stand on."""
