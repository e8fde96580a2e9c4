"""The verbs: what a user does with mail, spoken in REST nouns above and in IMAP words below."""
