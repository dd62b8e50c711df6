"""Builds Harbour Lane Mail Order, a small business to rehearse with: demo_business.py build|config PLACE

`build` makes PLACE/business, the root of its one server, from one seed; only times follow today's date. Where
the business stands already, it trades on: a few orders with their label and mail come in, so that a later
snapshot finds something new. `config` prints the sample config/harbour-lane.toml with every path below PLACE.
Standard library only.
"""

import json
import random
import re
import shutil
import signal
import sqlite3
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

SAMPLE = Path(__file__).parent.parent / "config/harbour-lane.toml"
SEED = 48920
ORDERS, PRODUCTS, CUSTOMERS, MAILS, INVOICES, NOTES = 48_920, 400, 6_000, 2_000, 300, 41
BOXES = ("orders", "info", "returns", "accounts")
GOODS = ("rope", "lantern", "kettle", "oilskin", "compass", "blanket", "chart", "fender", "whistle", "bucket")
KINDS = ("brass", "canvas", "enamel", "oak", "wool", "copper", "cork", "tarred")

ORDERS_SCHEMA = """
CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL);
CREATE TABLE customer (id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL REFERENCES customer(id),
    placed_at TEXT NOT NULL,
    total_cents INTEGER NOT NULL
);
CREATE TABLE order_line (
    orders INTEGER NOT NULL REFERENCES orders(id),
    product INTEGER NOT NULL REFERENCES product(id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price_cents INTEGER NOT NULL
);
CREATE INDEX order_line_orders ON order_line(orders);
"""

LEDGER_SCHEMA = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, booked_on TEXT NOT NULL, account TEXT NOT NULL, cents INTEGER NOT NULL, note TEXT
);
"""

PDF = """%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R
  /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >> endobj
4 0 obj << /Length {length} >> stream
{text}
endstream endobj
trailer << /Root 1 0 R >>
%%EOF
"""


class Business:
    """The server of the demo below `root`, as of `now`."""

    def __init__(self, root: Path, now: datetime, seed: int) -> None:
        self.root = root
        self.now = now
        self.random = random.Random(seed)
        self.products = [
            (number, f"{KINDS[number % len(KINDS)]} {GOODS[number % len(GOODS)]} no. {number}", cents)
            for number, cents in enumerate(self.random.sample(range(295, 18_900), PRODUCTS), start=1)
        ]

    def directory(self, path: str) -> Path:
        made = self.root / path
        made.mkdir(parents=True, exist_ok=True)
        return made

    def build(self) -> None:
        self.build_orders()
        self.build_shop()
        self.build_mail()
        self.build_accounts()
        self.build_notes()

    def trade(self) -> None:
        """What came in since the last run."""
        with _database(self.root / "srv/orders/orders.db") as database:
            ((last,),) = database.execute("SELECT max(id) FROM orders")
            self._take_orders(database, range(last + 1, last + 13), timedelta(hours=1))
        self._print_label(last + 12)
        self._deliver("orders", last + 12, self.now)

    # ---- orders -----------------------------------------------------------------------------

    def build_orders(self) -> None:
        with _database(self.directory("srv/orders") / "orders.db", ORDERS_SCHEMA) as database:
            database.executemany("INSERT INTO product VALUES (?, ?, ?)", self.products)
            customers = ((number, _address(number)) for number in range(1, CUSTOMERS + 1))
            database.executemany("INSERT INTO customer VALUES (?, ?)", customers)
            self._take_orders(database, range(1, ORDERS + 1), timedelta(days=3 * 365))
        for number in range(ORDERS - 500, ORDERS + 1):
            self._print_label(number)

    def _take_orders(self, database: sqlite3.Connection, numbers: range, span: timedelta) -> None:
        """Spread these orders over `span` until a moment ago; totals are the sums of their lines."""
        prices = dict(database.execute("SELECT id, price_cents FROM product"))
        orders, lines = [], []
        for position, number in enumerate(numbers, start=1):
            basket = self.random.sample(range(1, PRODUCTS + 1), self.random.choice((1, 1, 2, 2, 3)))
            bought = [(number, item, self.random.choice((1, 1, 1, 2, 4)), prices[item]) for item in basket]
            total = sum(quantity * price for _, _, quantity, price in bought)
            age = span * (1 - position / len(numbers)) + timedelta(minutes=2)
            placed_at = (self.now - age).isoformat(timespec="seconds")
            orders.append((number, self.random.randint(1, CUSTOMERS), placed_at, total))
            lines += bought
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", orders)
        database.executemany("INSERT INTO order_line VALUES (?, ?, ?, ?)", lines)

    def _print_label(self, order: int) -> None:
        label = (
            f"^XA^FO40,40^FDHarbour Lane Mail Order^FS^FO40,90^FDorder {order:06}^FS^BCN,80^FD{order}^FS^XZ\n"
        )
        (self.directory(f"srv/orders/labels/{order // 100:04}") / f"{order:06}.zpl").write_text(label)

    # ---- web shop ---------------------------------------------------------------------------

    def build_shop(self) -> None:
        pages, uploads = self.directory("srv/shop/www"), self.directory("srv/shop/uploads")
        for number, name, cents in self.products:
            (pages / f"product-{number:03}.html").write_text(_page(name, number, cents))
            (uploads / f"product-{number:03}.png").write_bytes(self._picture())
        links = "".join(f'<li><a href="product-{n:03}.html">{n:03}</a>' for n in range(1, PRODUCTS + 1))
        (pages / "index.html").write_text(f"<!doctype html><title>Harbour Lane</title><ul>{links}</ul>\n")
        (pages / "pictures").symlink_to("../uploads")
        (self.directory("srv/shop/conf") / "nginx.conf").write_text(
            "server {\n    listen 443 ssl;\n    server_name shop.harbourlane.example;\n}\n"
        )

    def _picture(self, side: int = 72) -> bytes:
        """A PNG of coloured stripes with some grain, about 10 kB."""
        red, green, blue = (self.random.randrange(64, 256) for _ in range(3))
        rows = bytearray()
        for y in range(side):
            rows.append(0)
            grain = self.random.randbytes(side)
            for x in range(side):
                light = (x * y // 9 + (grain[x] & 31)) % 64
                rows += bytes((red - light, green - light, blue - light))
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in parts
        )

    # ---- mail -------------------------------------------------------------------------------

    def build_mail(self) -> None:
        for box in BOXES:
            for part in ("cur", "new", "tmp"):
                self.directory(f"srv/vmail/{box}/{part}")
        for number in range(1, MAILS + 1):
            age = timedelta(days=365) * (1 - number / MAILS) + timedelta(minutes=1)
            self._deliver(BOXES[number % len(BOXES)], number, self.now - age)

    def _deliver(self, box: str, number: int, at: datetime) -> None:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = _address(self.random.randint(1, CUSTOMERS))
        mail["To"] = f"{box}@harbourlane.example"
        mail["Date"] = at
        mail["Message-ID"] = f"<{number}.{box}@harbourlane.example>"
        mail["Subject"] = self.random.choice(("Where is my order?", "Größe tauschen", "Invoice", "Thank you"))
        mail.set_content("".join(self._sentence() for _ in range(self.random.randint(2, 20))))
        if number % 10 == 0:
            mail.add_attachment(self._picture(48), maintype="image", subtype="png", filename="photo.png")
            mail.set_boundary(f"part-{number}")
        seen = at < self.now - timedelta(days=1)
        name = f"{int(at.timestamp())}.M{number}P1.mail" + (":2,S" if seen else "")
        (self.root / "srv/vmail" / box / ("cur" if seen else "new") / name).write_bytes(mail.as_bytes())

    def _sentence(self) -> str:
        words = self.random.choices(GOODS + KINDS, k=self.random.randint(5, 14))
        return " ".join(words).capitalize() + ".\n"

    # ---- accounts ---------------------------------------------------------------------------

    def build_accounts(self) -> None:
        invoices = self.directory("srv/accounts/invoices")
        with _database(self.directory("srv/accounts") / "ledger.db", LEDGER_SCHEMA) as ledger:
            for number in range(1, INVOICES + 1):
                day = (self.now - timedelta(days=INVOICES - number)).date().isoformat()
                cents = self.random.randrange(1_000, 90_000)
                (invoices / f"INV-{number:06}.pdf").write_text(_invoice(number, day, cents))
                booking = "INSERT INTO entry (booked_on, account, cents, note) VALUES (?, ?, ?, ?)"
                ledger.execute(booking, (day, "receivables", cents, f"INV-{number:06}"))
                ledger.execute(booking, (day, "sales", -cents, f"INV-{number:06}"))
        with zipfile.ZipFile(self.directory("srv/accounts") / "closed-years.zip", "w") as archive:
            for year in range(2019, 2025):
                rows = "".join(f"{year}-{m:02},sales,{self.random.randrange(10**7)}\n" for m in range(1, 13))
                archive.writestr(zipfile.ZipInfo(f"{year}.csv"), rows, zipfile.ZIP_DEFLATED)

    # ---- notes, bookmarks, addresses --------------------------------------------------------

    def build_notes(self) -> None:
        notes = self.directory("srv/notes")
        for number in range(1, NOTES + 1):
            text = "".join(self._sentence() for _ in range(12))
            (notes / f"{number:02} how we {self.random.choice(GOODS)}.md").write_text(f"# {number}\n\n{text}")
        with _database(
            notes / "places.sqlite", "CREATE TABLE place (id INTEGER PRIMARY KEY, url TEXT)"
        ) as db:
            urls = ((n, f"https://supplier-{n}.example/") for n in range(1, 201))
            db.executemany("INSERT INTO place VALUES (?, ?)", urls)
        cards = "".join(
            f"BEGIN:VCARD\nVERSION:4.0\nFN:Supplier {n}\nEMAIL:desk@supplier-{n}.example\nEND:VCARD\n"
            for n in range(1, 61)
        )
        (notes / "contacts.vcf").write_text(cards)


@contextmanager
def _database(file: Path, schema: str = "") -> Iterator[sqlite3.Connection]:
    """A SQLite database that is committed and closed at the end of the block."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(schema)
        yield connection


def _address(customer: int) -> str:
    return f"customer-{customer:05}@post.example"


def _page(name: str, number: int, cents: int) -> str:
    return (
        f"<!doctype html><title>{name}</title><h1>{name}</h1>"
        f'<img src="pictures/product-{number:03}.png" alt=""><p>{cents / 100:.2f} EUR</p>\n'
    )


def _invoice(number: int, day: str, cents: int) -> str:
    text = f"BT /F1 14 Tf 72 760 Td (Invoice INV-{number:06}, {day}: {cents / 100:.2f} EUR) Tj ET"
    return PDF.format(length=len(text), text=text)


def build(root: Path) -> None:
    """Build the business at `root`, or trade on where it stands already."""
    now = datetime.now(UTC)
    if root.exists():
        if not (root / "srv/orders/orders.db").exists():
            sys.exit(f"{root} is there already, but is not the demo business; name another place.")
        Business(root, now, seed=int(now.timestamp())).trade()
        return
    # built beside its place and then moved there, so that a broken-off build is never taken for a business
    partial = root.with_name(root.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    Business(partial, now, SEED).build()
    partial.rename(root)


def describe(place: Path) -> str:
    """The sample config with everything it names moved below `place`."""
    business = str(place / "business")
    text = SAMPLE.read_text()
    for sample, ours in (
        ("/var/lib/readiness", f"{place}/state"),
        ("/srv/backup/restic", f"{place}/repository"),
        ("/etc/readiness/", f"{place}/"),
        ("/srv/", f"{business}/srv/"),
        ("srv/", f"{business[1:]}/srv/"),  # in commands, which see the restored tree as their directory
        ("./readiness.schema.json", f"{SAMPLE.parent}/readiness.schema.json"),
    ):
        quoted = json.dumps(ours, ensure_ascii=False)[1:-1]
        text = re.sub(f'(?<=[" ]){re.escape(sample)}', quoted.replace("\\", r"\\"), text)
    return text


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing to clean up: the next run begins anew
    match sys.argv[1:]:
        case ["build", place]:
            build(Path(place).absolute() / "business")
        case ["config", place]:
            print(describe(Path(place).absolute()), end="")
        case _:
            sys.exit("usage: demo_business.py build|config PLACE")
