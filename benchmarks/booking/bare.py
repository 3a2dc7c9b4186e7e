"""The rows of one hold and its confirmation, written by psycopg alone: two transactions, no rule, no ORM."""

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from webapp.db import new_token

OF_CASE = ("case_gram", "case_event", "audit_entry", "outbox_message")
FRESH = {
    "booking": ("token", "basket"),
    "case_file": ("reference",),
    "outbox_message": ("dedupe_key", "retry_key"),
}
HELD = {"state": "held", "case_id": None, "contact": None, "quote": None, "confirmed_at": None}
Row = dict[str, Any]


class Bare:
    """Copies a booking that stands; every copy is on a day of its own."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url.replace("+psycopg", ""))
        read = self.connection.cursor(row_factory=psycopg.rows.dict_row)
        booking: Row = read.execute("SELECT * FROM booking WHERE case_id IS NOT NULL LIMIT 1").fetchone()
        case_id = booking["case_id"]
        rows = {
            name: read.execute(f"SELECT * FROM {name} WHERE case_id = %s", [case_id]).fetchall()
            for name in OF_CASE
        }
        self.case: Row = read.execute("SELECT * FROM case_file WHERE id = %s", [case_id]).fetchone()
        query = "SELECT * FROM occupancy WHERE booking_id = %s"
        self.occupancy: Row = read.execute(query, [booking["id"]]).fetchone()
        self.booking, self.of_case = booking, rows
        self.connection.commit()

    def __call__(self, number: int) -> None:
        days = f"INTERVAL '{400 + number} days'"
        booking_id = self._insert("booking", [{**self.booking, **HELD}])
        self.connection.execute(
            "INSERT INTO occupancy (cell_id, starts_at, ends_at, booking_id) "
            f"VALUES (%s, %s + {days}, %s + {days}, %s) ON CONFLICT DO NOTHING",
            [*(self.occupancy[name] for name in ("cell_id", "starts_at", "ends_at")), booking_id],
        )
        self.connection.commit()
        case_id = self._insert("case_file", [self.case])
        for name, rows in self.of_case.items():
            self._insert(name, [{**row, "case_id": case_id} for row in rows])
        self.connection.execute(
            "UPDATE booking SET state = %s, case_id = %s, contact = %s, quote = %s, confirmed_at = %s, "
            "expires_at = NULL WHERE id = %s",
            [
                self.booking["state"],
                case_id,
                self.booking["contact"],
                Jsonb(self.booking["quote"]),
                self.booking["confirmed_at"],
                booking_id,
            ],
        )
        self.connection.commit()

    def close(self) -> None:
        self.connection.close()

    def _insert(self, table: str, rows: list[Row]) -> int | None:
        """All rows in one statement; returns the id of one."""
        names = [name for name in rows[0] if name != "id"]
        returning = " RETURNING id" if "id" in rows[0] else ""
        line = f"({', '.join(['%s'] * len(names))})"
        values = [
            new_token(9) if name in FRESH.get(table, ()) else _plain(row[name])
            for row in rows
            for name in names
        ]
        statement = (
            f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([line] * len(rows))}{returning}"
        )
        done = self.connection.execute(statement, values)
        return done.fetchone()[0] if returning else None


def _plain(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value
