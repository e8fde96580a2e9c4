"""Every limit of the wire, each with its reason. What goes over one raises ``errors.ProtocolViolation``
(from the server) or ``errors.InvalidRequest`` (from the caller). Units are octets unless said otherwise."""

from __future__ import annotations

from typing import Final

# RFC 9051 section 9: number is an unsigned 32-bit value; also the largest UID and message number.
MAX_NUMBER: Final = 2**32 - 1
# RFC 9051 section 9: number64 is an unsigned 63-bit value; also the largest mod-sequence (RFC 7162 section 7).
MAX_NUMBER64: Final = 2**63 - 1

# One line without its literals. A SEARCH of a million messages with seven-digit UIDs is 8 MB in one line.
MAX_LINE: Final = 16 * 1024 * 1024
# A literal up to this size stays in the frame: covers any usual header block; larger ones are offered to a sink.
INLINE_LITERAL: Final = 64 * 1024
# A literal that no sink wants: a header block or an ENVELOPE string of several megabytes still gets through.
MAX_LITERAL: Final = 8 * 1024 * 1024
# All lines and inline literals of one response together, so that many middling literals can't fill the memory.
MAX_RESPONSE: Final = 32 * 1024 * 1024
# Literals in one response: an ENVELOPE whose ten thousand recipients have a literal each fits.
MAX_LITERALS: Final = 20_000
# Digits of a literal's size: what is longer is no size, whatever it says.
MAX_LITERAL_DIGITS: Final = 19

# The lines of one parenthesised response that are taken apart: 20,000 recipients are 1.2 MB.
MAX_STRUCTURED: Final = 2 * 1024 * 1024
# Opening parentheses in them: each may cost 100 octets of memory while parsing.
MAX_LISTS: Final = 100_000
# Depth of parentheses that is kept; MIME nested deeper than this is an attack (real mail: below 20).
MAX_NESTING: Final = 200
# Parts of one BODYSTRUCTURE: real mail has tens, a digest hundreds.
MAX_PARTS: Final = 4000
# Names and values in one FETCH: real ones have tens, one with a hundred partial sections has two hundred.
MAX_ITEMS: Final = 8000
# Ranges of one sequence-set: a mailbox of 100,000 messages with every second one missing.
MAX_RANGES: Final = 200_000
# Numbers that iterating a set may yield; a set's ranges are never expanded otherwise.
MAX_EXPANDED: Final = 2_000_000
# Octets that compressed data is inflated to at a time: how far a decompression bomb gets before it is looked at.
INFLATED: Final = 64 * 1024
# Octets that are still inflated once the connection has ended: a BYE, a tag, the end of a page.
INFLATED_AT_END: Final = 1024 * 1024

# The human text of a status response that is kept for an error message.
MAX_TEXT: Final = 4096

# A mailbox name that a caller may choose. Servers stop far earlier (Dovecot: 255 a level).
MAX_NAME: Final = 1024
# One keyword of a caller: RFC 9051 sets no limit, Dovecot's index stops at 50.
MAX_FLAG: Final = 128
# Flags of one STORE or APPEND.
MAX_FLAGS: Final = 64
# A string argument of a caller, such as a search term.
MAX_STRING: Final = 8192
# Terms of one search.
MAX_SEARCH_TERMS: Final = 200
# One command line without literals: RFC 7162 section 4 asks servers to take at least 8,192 octets.
MAX_COMMAND: Final = 8192
# RFC 7888 section 5: LITERAL- allows non-synchronising literals up to this size.
LITERAL_MINUS: Final = 4096
