"""What each picture shows, in one sentence for who cannot see it."""

from support.builders.pages import daily, outlier, pictures
from support.builders.shop import drill


def test_without_any_drill_nothing_looks_like_none_having_failed() -> None:
    shown = pictures(*daily(40, 0))
    assert (shown["recovery"].value, shown["drills"].value) == ("not measured", "none")
    assert [band.label for band in (*shown["recovery"].bands, *shown["drills"].bands)] == [
        "not measured",
        "no drills",
    ]
    assert shown["drills"].sentence.endswith("none at all in Oct 2026 and Nov 2026.")


def test_the_sentence_says_what_the_picture_shows() -> None:
    shown = {kind: picture.sentence for kind, picture in pictures(*outlier(), drill(30, "failed")).items()}
    assert "the longest of 43 passed drills took 8 h 20 min on 17 Aug 2026" in shown["recovery"]
    assert "at most 50.0 GiB" in shown["size"]
    assert "older on 301 of 301 days" in shown["age"]
    assert shown["drills"].startswith("43 passed; 1 failed (Nov 2026); 0 could not be made")
