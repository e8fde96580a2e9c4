"""What HTTP says: routes, bearer tokens, problems, conditional requests, ranges and event streams. No IMAP word."""
