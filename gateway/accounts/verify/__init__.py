"""Trying a mail server step by step, and saying of each what came of it and what to do."""
