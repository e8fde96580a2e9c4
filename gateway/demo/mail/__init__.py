"""Sample mail that looks like somebody's mailbox; all names are made up, all addresses are reserved ones."""
