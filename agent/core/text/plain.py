"""Words and numbers for people: sizes, durations, and names made safe for a terminal."""

import unicodedata

LONGEST_PATH = 200  # characters of a path that a sentence can bear


def printable(text: str, keep_newlines: bool = False) -> str:
    """`text` with everything that could move a cursor, hide or reorder words replaced by an escape.

    File names, host names and what other programs print are hostile input on a terminal.
    Undecodable bytes (surrogateescape) come out as \\xNN.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_safe(char, keep_newlines) for char in text)


def _safe(char: str, keep_newlines: bool) -> str:
    if char == "\n" and keep_newlines:
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char == " " or unicodedata.category(char)[0] not in "CZ":
        return char
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def shown_path(path: str) -> str:
    """`path` as a sentence can bear it: foreign names may be as deep as they like."""
    shown = printable(path)
    if len(shown) <= LONGEST_PATH:
        return shown
    half = (LONGEST_PATH - 3) // 2
    return f"{shown[:half]}...{shown[-half:]}"


def size(count: int) -> str:
    """Bytes as a person reads them: "1.2 GiB"."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1023.95 or unit == "TiB":
            break
    return f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """A length of time in at most two units: "3 d 4 h", "5 min", "2.4 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    for index, (unit, length) in enumerate(units):
        if whole >= length:
            rest = (whole % length) // units[index + 1][1] if index < 3 else 0
            return f"{whole // length} {unit}" + (f" {rest} {units[index + 1][0]}" if rest else "")
    return "0 s"


def count(number: int, noun: str, plural: str = "") -> str:
    """ "1 file", "5,112 files"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
