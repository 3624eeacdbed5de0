"""Text as trackers leave it, put right: markup, white space, the traces of a wrong encoding."""

import re
from html.parser import HTMLParser

#: Elements that end a line, and those before which a list's dash stands.
_LINES = frozenset({"br", "p", "div", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"})
_NOT_TEXT = frozenset({"script", "style"})

_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n ?")
_GAPS = re.compile(r"\n{3,}")

#: An address goes to the next white space, or to a separator with another address behind it.
_ADDRESS = re.compile(r"""(?:https?://|www\.)[^\s<>"]+?(?=[;,|]+(?:https?://|www\.)|[\s<>"]|\Z)""", re.IGNORECASE)
_CLOSING = {")": "(", "]": "[", "}": "{"}


class _Text(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 (the parser's signature)
        self.hidden += tag in _NOT_TEXT
        if tag == "li":
            self.shown.append("\n- ")
        elif tag in _LINES:
            self.shown.append("\n")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in _NOT_TEXT and self.hidden > 0
        if tag in _LINES:
            self.shown.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.shown.append(data)


def without_markup(html: str) -> str:
    """The text of `html` as a browser shows it: entities as characters, a line for each block, a dash for each item."""
    if "<" not in html and "&" not in html:
        return html
    parser = _Text()
    parser.feed(html)
    parser.close()
    return in_paragraphs("".join(parser.shown))


def in_paragraphs(text: str) -> str:
    """`text` with single spaces, no spaces at its lines' ends and one empty line at most between lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _GAPS.sub("\n\n", _LINE_ENDS.sub("\n", _SPACES.sub(" ", text))).strip()


def in_one_line(text: str) -> str:
    """`text` with single spaces and no line ends."""
    return " ".join(text.split())


def mended(text: str) -> str:
    """`text`, or what it was before UTF-8 was read as Windows-1252: what shows as `Ã©` was `é`.

    Text in which any character cannot have come about so is left alone.
    """
    if text.isascii():
        return text
    try:
        return b"".join(map(_byte, text)).decode()
    except UnicodeError:
        return text


def _byte(character: str) -> bytes:
    """The byte that Windows-1252 reads as `character`; the five that it leaves open read as in Latin-1."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def addresses(text: str) -> list[str]:
    """The web addresses in `text`, without the punctuation behind them; `www.` alone gets `http://`."""
    found = (_without_end(match[0]) for match in _ADDRESS.finditer(text))
    return [address if "://" in address else f"http://{address}" for address in found]


def _without_end(address: str) -> str:
    while address and (address[-1] in ".,;:!?'" or (address[-1] in _CLOSING and _CLOSING[address[-1]] not in address)):
        address = address[:-1]
    return address


def shortened(text: str, most: int) -> str:
    """`text` with `most` characters at most: cut behind a word, with an ellipsis."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    whole_words = kept if kept[-1].isspace() or text[most - 1].isspace() else kept.rsplit(None, 1)[0]
    return f"{whole_words.rstrip(' ,;:.-–')}…"  # noqa: RUF001 (an en dash is meant)
