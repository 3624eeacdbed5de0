"""Cleanup of trackers' texts: markup, white space, wrongly decoded characters, web addresses."""

import re
from html.parser import HTMLParser

#: Elements that begin a new line.
_LINES = frozenset({"br", "p", "div", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"})
_NOT_TEXT = frozenset({"script", "style"})

_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n ?")
_GAPS = re.compile(r"\n{3,}")

#: An address ends at white space, or at a separator before another address.
_ADDRESS = re.compile(r"""(?:https?://|www\.)[^\s<>"]+?(?=[;,|]+(?:https?://|www\.)|[\s<>"]|\Z)""", re.IGNORECASE)
_CLOSING = {")": "(", "]": "[", "}": "{"}


class _Text(HTMLParser):
    """Collects the text that a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 (the parser's signature)
        self.hidden += tag in _NOT_TEXT
        if tag == "li":
            self.parts.append("\n- ")
        elif tag in _LINES:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in _NOT_TEXT and self.hidden > 0
        if tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def strip_markup(html: str) -> str:
    """Return the text of `html`: entities as characters, a line for each block, a dash for each list item."""
    if "<" not in html and "&" not in html:
        return html
    parser = _Text()
    parser.feed(html)
    parser.close()
    return in_paragraphs("".join(parser.parts))


def in_paragraphs(text: str) -> str:
    """Return `text` with single spaces, none at the ends of lines, and at most one empty line between lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _GAPS.sub("\n\n", _LINE_ENDS.sub("\n", _SPACES.sub(" ", text))).strip()


def in_one_line(text: str) -> str:
    """Return `text` with single spaces and no line ends."""
    return " ".join(text.split())


def repair_encoding(text: str) -> str:
    """Return `text` as it was before its UTF-8 was decoded as Windows-1252: `Ã©` becomes `é`.

    Text with a character that cannot result from this is returned as it is.
    """
    if text.isascii():
        return text
    try:
        return b"".join(map(_byte, text)).decode()
    except UnicodeError:
        return text


def _byte(character: str) -> bytes:
    """Return the byte of `character` in Windows-1252; the five undefined ones are those of Latin-1."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def addresses(text: str) -> list[str]:
    """Return the web addresses in `text`, without punctuation at the end; `www.` gets `http://`."""
    matches = (_strip_punctuation(match[0]) for match in _ADDRESS.finditer(text))
    return [address if "://" in address else f"http://{address}" for address in matches]


def _strip_punctuation(address: str) -> str:
    while address and (address[-1] in ".,;:!?'" or (address[-1] in _CLOSING and _CLOSING[address[-1]] not in address)):
        address = address[:-1]
    return address


def shorten(text: str, max_length: int) -> str:
    """Return `text` with at most `max_length` characters, cut after a word, with an ellipsis."""
    if len(text) <= max_length:
        return text
    start = text[: max_length - 1]
    ends_a_word = start[-1].isspace() or text[max_length - 1].isspace()
    whole_words = start if ends_a_word else start.rsplit(None, 1)[0]
    return f"{whole_words.rstrip(' ,;:.-–')}…"  # noqa: RUF001 (an en dash is meant)
