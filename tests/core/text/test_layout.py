"""Text in lines and columns, as wide as a terminal shows it."""

from agent.core.text.layout import aligned, aligned_width, columns, cut, wrapped


def test_wide_characters_count_twice() -> None:
    assert (columns("注文"), columns("e\u0301"), columns("orders")) == (4, 1, 6)


def test_what_is_cut_loses_its_middle_and_is_no_wider_than_asked() -> None:
    assert cut("orders-of-the-shop", 18) == "orders-of-the-shop"
    assert cut("orders-of-the-shop", 11) == "orde...shop"
    assert cut("orders", 3) == "ord"
    assert columns(cut("注文" * 20, 12)) <= 12


def test_words_are_wrapped_behind_what_stands_in_front() -> None:
    assert list(wrapped("one two three", 9, "- ", "  ")) == ["- one two", "  three"]
    assert list(wrapped("one two", 80, "TO DO: ")) == ["TO DO: one two"]
    assert list(wrapped("", 80)) == []


def test_a_word_wider_than_the_line_is_cut_into_pieces() -> None:
    assert list(wrapped("abcdefgh", 3)) == ["abc", "def", "gh"]
    assert list(wrapped("注文注文", 5)) == ["注文", "注文"]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = [("process", "state"), ("注文", "READY"), ("a", "")]

    assert list(aligned(rows)) == ["process  state", "注文     READY", "a"]
    assert aligned_width(rows) == 14
