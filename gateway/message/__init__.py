"""MIME octets to JSON-ready values: pure, lenient, linear in the input and capped."""
