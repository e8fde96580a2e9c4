"""What servers are known to send beyond the grammar, by name. Each is harmless to accept, so it is always accepted."""

from __future__ import annotations

from enum import Enum


class Quirk(Enum):
    """The value says what is sent and who is known for it."""

    LOWER_CASE_ATTRIBUTES = "LIST attributes such as \\sent in lower case (Cyrus): compared without case"
    TRAILING_SPACE = "a space before the end of the line or before ')' (Exchange, Courier): skipped"
    DOUBLED_SPACE = "several spaces, or a tab, between two items: taken as one"
    SINGLE_DIGIT_DAY = "INTERNALDATE with an unpadded day, '1-Jan-2024' instead of ' 1-Jan-2024'"
    ZONELESS_DATE = "INTERNALDATE without a zone, or with a zone no clock has: read as UTC"
    NIL_FOR_LIST = "NIL where a parenthesised list is required: read as the empty list"
    NIL_FOR_STRING = "NIL where a string is required, such as a body's type or encoding: read as the default"
    NIL_FOR_NUMBER = "NIL, or a negative number, where a size or a line count is required: read as 0 or absent"
    LEADING_ZERO = "numbers with leading zeros: read as the number"
    EMPTY_MULTIPART = 'a multipart without children, ("MIXED" ...) or (NIL "MIXED" ...): kept without parts'
    LIST_OF_NOTHING = "() for an ENVELOPE's address list or for a body's parameters: read as the empty list"
    BARE_MESSAGE = "message/rfc822 without envelope, structure and lines (Exchange, Courier): kept as a leaf"
    ODD_PARAMETERS = "a parameter list with a name but no value: the value is empty"
    STRING_FOR_PARAMETERS = "a string in place of a parameter list: read as the empty list"
    UNQUOTED_STRING = "an atom where a string is required: read as the string"
    ATOM_WITH_SPECIALS = "flags and names with ']' , '%', '*' or '{' in an atom (Gmail labels): read as they are"
    NO_SPACE_BEFORE_LITERAL = "BODY[]{5} without a space before the literal"
    BARE_CR_OR_LF = "a bare CR or LF inside a quoted string: part of the string; only CRLF ends a line"
    NO_TEXT = "a status response without its human text, '* OK' or 'a1 OK': the text is empty"
    MISSING_ORIGIN = "a partial section answered without its <origin>: counted as the section that was asked for"
    EXTENSION_DATA = "unknown fetch items and further fields of a body: skipped"
    EMPTY_SEARCH = "'* SEARCH' with a trailing space or nothing at all: no results"
    UNQUOTED_SPACES = "LIST and STATUS with spaces in an unquoted name (old Exchange): the rest of the line is the name"
    STRAY_PARENTHESIS = "one ')' too many or too few in a FETCH: the items that can be told apart are kept"
    BLANK_LINE = "an empty line between responses: an Unknown of no kind"
    UNREADABLE_LIMIT = "a QUOTA with a limit of -1, NIL or beyond 63 bits, or without its list: that is not limited"
    UNKNOWN_ADDRESS_SHAPE = "an address with fewer or more than four fields: what is there is kept"
    MODSEQ_WITHOUT_CONDSTORE = "HIGHESTMODSEQ where CONDSTORE is not offered (Yahoo): not believed, the mode is window"
    NO_MODSEQ = "HIGHESTMODSEQ 0, or NOMODSEQ, in a mailbox of a server with CONDSTORE: that mailbox's mode is window"
