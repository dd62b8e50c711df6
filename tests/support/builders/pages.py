"""A page of a report as a browser reads it, and a name that tries to be more than a name."""

import html.parser

HOSTILE = "<script>alert(1)</script>\u202egpj\n\x1b[31m \udcff'\"&amp;" + "x" * 300


class Page(html.parser.HTMLParser):
    """What a browser would see: its tags, its text, and everything it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            f"{name}={value}" for name, value in attrs if name in ("src", "href", "action", "data")
        ]
        self.loads += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data
