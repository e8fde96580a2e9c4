"""A small IMAP4rev1 server that keeps its mail in memory, for the demo and nothing else."""
