"""What a process cannot do without: what it says, and what its proofs look at."""

from agent.core.configuration.config import FileCountProof, NewestFileProof, NewestRowProof, SqliteProof
from agent.core.configuration.vital import declared_databases, vital_paths
from support.builders.shop import process

ORDERS = process(
    vital=("/srv/orders/books", "/srv/orders/shop.db"),
    proofs=(
        SqliteProof(name="sound", sqlite="/srv/orders/shop.db"),
        NewestRowProof(name="new", sqlite="/srv/orders/shop.db", query="SELECT 1", max_age=1),
        FileCountProof(name="many", path="/srv/orders/mail", at_least=1),
        NewestFileProof(name="dump", path="/srv/orders/day.sql", max_age=1),
        NewestFileProof(name="dumps", path="/srv/orders/*.sql", max_age=1),
    ),
)


def test_each_database_of_a_proof_is_declared_once() -> None:
    assert declared_databases(ORDERS) == ["/srv/orders/shop.db"]


def test_what_proofs_look_at_is_vital_but_a_pattern_is_no_path() -> None:
    assert vital_paths(ORDERS) == [
        "/srv/orders/books",
        "/srv/orders/shop.db",
        "/srv/orders/mail",
        "/srv/orders/day.sql",
    ]
