"""Which entries of a snapshot hold what vital paths name, whatever links they lead through."""

from collections.abc import Set

from agent.core.drill.vital import vital_entries

LINKS = {
    b"srv/current": b"releases/42",
    b"srv/releases/42/book": b"/srv/data/book.txt",
    b"srv/data": b"../disk/data",
    b"srv/round": b"round",
    b"srv/out": b"/opt/elsewhere",
}


def found(*vital: str) -> list[bytes]:
    return vital_entries(vital, lambda places: {place: LINKS[place] for place in places if place in LINKS})


def test_without_links_it_is_the_path_itself() -> None:
    assert found("/srv/book.txt", "/srv/book.txt/", "srv/a/./b") == [b"srv/book.txt", b"srv/a/b"]


def test_every_link_on_the_way_and_its_end_belong_to_it() -> None:
    assert found("/srv/current/book") == [
        b"srv/current",
        b"srv/releases/42/book",
        b"srv/data",
        b"disk/data/book.txt",
    ]


def test_a_link_that_leads_out_or_in_a_circle_is_all_there_is_of_it() -> None:
    assert found("/srv/out") == [b"srv/out", b"opt/elsewhere"]
    assert found("/srv/round/x") == [b"srv/round"]
    assert found("/", "/..") == []


def test_the_witness_is_asked_of_no_place_twice() -> None:
    asked: list[bytes] = []

    def links(places: Set[bytes]) -> dict[bytes, bytes]:
        asked.extend(places)
        return {place: LINKS[place] for place in places if place in LINKS}

    vital_entries(["/srv/current/book", "/srv/book"], links)
    assert len(asked) == len(set(asked))
