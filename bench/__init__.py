"""How fast the gateway is, against what else does the same work on the same machine in the same run."""
