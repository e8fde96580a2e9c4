"""One watcher per watched folder of an account, and a bounded fan-out to its streams."""
