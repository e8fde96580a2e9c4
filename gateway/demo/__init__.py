"""A first look at the gateway: an embedded mail server, sample mail, an issuer and a page, on the loopback only."""
