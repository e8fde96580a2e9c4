"""The reference client: an offline mailbox in a file, kept in step. It needs httpx and nothing else of this project."""
