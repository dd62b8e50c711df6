"""Every word of a mail and of the report can be read: 4.5 to 1 at least, in the light and in the dark."""

import html.parser
import re
from pathlib import Path

import pytest

import agent
from agent.adapters.mail.letter import letter_html
from support.builders.letters import GOLDEN, VOID

ENOUGH = 4.5
TEMPLATES = Path(agent.__file__).parent / "templates"
Colour = tuple[float, float, float]


def colour(text: str, below: Colour = (255, 255, 255)) -> Colour:
    """Of "#rgb", "#rrggbb" or "#rrggbbaa", which lets through what is `below`."""
    digits = text.strip("# ")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    red, green, blue, opaque = (int(digits[at : at + 2] or "ff", 16) for at in (0, 2, 4, 6))
    share = opaque / 255
    parts = zip((red, green, blue), below, strict=True)
    return tuple(share * one + (1 - share) * other for one, other in parts)  # type: ignore[return-value]


def luminance(of: Colour) -> float:
    linear = [(c / 255 / 12.92) if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in of]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: Colour, other: Colour) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def declarations(text: str) -> dict[str, str]:
    pairs = (each.replace("!important", "").partition(":") for each in text.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


class Seen(html.parser.HTMLParser):
    """The words of a mail, each with its colour and what lies behind it; `rules` are those of its classes."""

    def __init__(self, text: str, rules: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self.rules = rules
        self.stack: list[tuple[str, str, str]] = [("", "#000000", "#ffffff")]
        self.words: dict[tuple[str, str], str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        given = {name: value or "" for name, value in attrs}
        _, ink, paper = self.stack[-1]
        styles = [{"background": given.get("bgcolor", "")}, declarations(given.get("style", ""))]
        styles += [self.rules.get(name, {}) for name in given.get("class", "").split()]
        for style in styles:
            ink = style.get("color") or ink
            behind = style.get("background") or paper
            paper = paper if behind == "transparent" else behind
        self.stack.append((tag, ink, paper))

    def handle_endtag(self, tag: str) -> None:
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        tag, ink, paper = self.stack[-1]
        if data.strip() and tag not in ("style", "title"):
            self.words[ink, paper] = data.strip()


def dark_rules(text: str) -> dict[str, dict[str, str]]:
    block = text.partition("prefers-color-scheme: dark) {")[2].partition("</style>")[0]
    return {name: declarations(body) for name, body in re.findall(r"\.([\w-]+) \{([^}]*)\}", block)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", GOLDEN)
def test_every_word_of_a_mail_stands_out_from_what_is_behind_it(name: str, scheme: str) -> None:
    text = letter_html(GOLDEN[name]())
    seen = Seen(text, dark_rules(text) if scheme == "dark" else {})
    assert len(seen.words) >= 3 and seen.rules.keys() >= ({"ink", "t-ready"} if scheme == "dark" else set())
    weak = {
        words: f"{ink} on {paper}: {ratio(colour(ink), colour(paper)):.1f}"
        for (ink, paper), words in seen.words.items()
        if ratio(colour(ink), colour(paper)) < ENOUGH
    }
    assert weak == {}


def test_a_word_that_is_hard_to_read_would_be_found() -> None:
    (pair,) = Seen('<p style="color:#999999">x</p>', {}).words
    assert ratio(*map(colour, pair)) < ENOUGH
    (pair,) = Seen('<p class="soft" style="color:#000000">x</p>', {"soft": {"color": "#dddddd"}}).words
    assert pair == ("#dddddd", "#ffffff")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_of_the_report_stands_out_from_what_is_behind_it(scheme: str) -> None:
    style = (TEMPLATES / "style.css.j2").read_text()
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    names = dict(re.findall(r"--([\w-]+): (#\w+);", light))
    if scheme == "dark":
        names |= dict(re.findall(r"--([\w-]+): (#\w+);", rest.partition("}")[0]))
    card, paper = colour(names["card"]), colour(names["paper"])
    pairs = {(ink, "card"): (ink, card) for ink in ("ink", "soft", "good", "risk", "bad", "unsure")}
    pairs |= {("soft", "paper"): ("soft", paper)}  # the foot
    for tone in ("good", "risk", "bad", "unsure"):
        behind = colour(names[f"{tone}-bg"], card)
        pairs |= {(tone, "its own"): (tone, behind), ("ink", f"{tone}-bg"): ("ink", behind)}
    weak = {
        pair: round(ratio(colour(names[ink]), behind), 1)
        for pair, (ink, behind) in pairs.items()
        if ratio(colour(names[ink]), behind) < ENOUGH
    }
    assert weak == {}
