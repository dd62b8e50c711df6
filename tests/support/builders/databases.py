"""A small database as an application makes one."""

import sqlite3
from contextlib import closing
from pathlib import Path


def make_orders(path: Path, rows: int = 500, journal: str = "delete") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute(
            "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer REFERENCES customers(id), text)"
        )
        connection.execute("CREATE INDEX by_text ON orders(text)")
        connection.execute("INSERT INTO customers VALUES(1, 'a shop')")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO orders VALUES(?, 1, ?)", ((n, f"{n:0200}") for n in range(rows)))
        connection.execute("COMMIT")
    return path
