"""What outputs claim, read from their words as a person or a script would: tables, pages and figures."""

import html.parser
import re
from itertools import pairwise

Cells = dict[str, str]  # heading -> cell
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
# a time or a proof that is said of everything, wherever it stands
ALL_BACK = re.compile(r"would (?:have been|be) back by|(?:READY|RISK)\b[^.]{0,40} - (?:.{0,60}: )?back by")
BACK_ONLY = re.compile(r"((?:p\d(?:, | and )?)+) would be back only")
OTHER_COPY, RESTORED_ELSEWHERE = re.compile(r"another can\b"), re.compile(r"which was restored in a test")


def tables(text: str) -> list[dict[str, Cells]]:
    """Every table of a screen whose first heading is "process": the row of each process."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        headings = re.split(r"\s{2,}", line.strip())
        if headings[0] == "process" and len(headings) > 2:
            rows = [re.split(r"\s{2,}", row.strip()) for row in _until_blank(lines[number + 1 :])]
            found.append({row[0]: dict(zip(headings[1:], row[1:], strict=True)) for row in rows})
    return found or [_unfolded(lines)]


def _until_blank(lines: list[str]) -> list[str]:
    end = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    return lines[:end]


def _unfolded(lines: list[str]) -> dict[str, Cells]:
    """A table that was too wide: a name on a line, and "  heading: cell" below it."""
    found: dict[str, Cells] = {}
    for before, line in pairwise(lines):
        pair = re.match(r"^  ([a-z][a-z ]+): (.*)$", line)
        if pair and re.fullmatch(r"\w+", before):
            found[before] = {}
        if pair and found:
            found[[*found][-1]].setdefault(pair[1], pair[2])
    return found


def section(text: str, title: str) -> Cells:
    """The lines "  name: words" of one section of a report."""
    rest = text.partition(f"{title}\n")[2].splitlines()
    pairs = [re.match(r"^  (\w+): (.*)$", line) for line in _until_blank(rest)]
    return {pair[1]: pair[2] for pair in pairs if pair}


def samples(text: str) -> dict[str, float]:
    """The figures of Prometheus's format, by name and labels."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            sample = SAMPLE.match(line)
            assert sample, line
            found[f"{sample[1]}{{{sample[2] or ''}}}"] = float(sample[3])
    return found


class ReportPage(html.parser.HTMLParser):
    """A report in a browser: its words, and the cells of each process by their labels."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.rows = "", dict[str, Cells]()
        self._in, self._name, self._label = "", "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in ("style", "small"):
            self._in = tag
        if tag == "th" and named.get("scope") == "row":
            self._in, self._name, self._label = "name", "", ""
        if tag == "td" and named.get("data-label"):
            self._label = named["data-label"] or ""
            self.rows.setdefault(self._name, {})[self._label] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "style"):
            self._in = ""
        if tag == "td":
            self._label = ""

    def handle_data(self, data: str) -> None:
        if self._in == "style":
            return
        self.words += f" {data}"
        if self._in == "name":
            self._name += data.strip()
        elif self._label:
            cell = self.rows[self._name][self._label] + data
            self.rows[self._name][self._label] = " ".join(cell.split())
