"""Blank texts: those in which a reader sees nothing."""

import re

#: Characters beside white space that show nothing, as in the class of a regular expression that JavaScript reads, too:
#: format characters, fillers, variation selectors (Default_Ignorable_Code_Point), C1 controls, the empty Braille cell.
INVISIBLE = (
    r"\x80-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
#: The same beyond U+FFFF, where JavaScript writes ranges otherwise: shorthand, music, tags and further selectors.
_INVISIBLE_BEYOND = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"

_VISIBLE = re.compile(rf"[^\s\x00-\x1f\x7f{INVISIBLE}{_INVISIBLE_BEYOND}]")


def is_blank(text: str) -> bool:
    """Return True if `text` is empty or has nothing but white space and invisible characters."""
    if text.isascii():  # the common case, in half the time
        return not text or text.isspace()
    return not _VISIBLE.search(text)
