"""A development issuer of access tokens. It asks nobody for a password: it belongs on the loopback and nowhere else."""
