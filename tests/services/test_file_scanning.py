"""While the scanner is down files are taken and held: nobody in the office opens one that was not scanned."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.casework_office import Office, open_office
from tests.services.test_upload_checks import EICAR
from webapp import clock
from webapp.db import Database
from webapp.intake import scanning
from webapp.intake.models import StoredFile
from webapp.ports.scanner import ScannerUnavailable, Verdict


class Scanner:
    """A scanner that can be switched off."""

    def __init__(self) -> None:
        self.is_up = False

    def scan(self, data: bytes) -> Verdict:
        if not self.is_up:
            raise ScannerUnavailable("off")
        return Verdict(EICAR not in data)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


def given(office: Office, reference: str, name: str, data: bytes, state: str = "unscanned") -> str:
    key = f"intake/{name.encode().hex()}"
    with office.database.transaction() as session:
        case = office.case(session, reference)
        row = StoredFile(
            id=name.encode().hex(),
            case_id=case.id,
            path="photo",
            name=name,
            size=len(data),
            sniffed_type="image/svg+xml" if name.endswith("svg") else "image/png",
            sha256="0" * 64,
            storage_key=key,
            scan_state=state,
            created_at=clock.now(),
        )
        session.add(row)
    office.services.storage.put(key, data, "image/png")
    return f"/staff/cases/{reference}/files/{name.encode().hex()}"


def test_a_file_is_held_until_it_was_scanned(office: Office) -> None:
    reference, scanner = office.submit(), Scanner()
    good, bad = given(office, reference, "a.png", b"fine"), given(office, reference, "b.png", b"x" + EICAR)
    client, transaction = office.client(), office.database.transaction
    assert scanning.scan_waiting(transaction, scanner, office.services.storage) == 0
    held = client.get(good)
    assert (held.status_code, "検査がまだ終わっていない" in held.text) == (503, True)
    scanner.is_up = True
    assert scanning.scan_waiting(transaction, scanner, office.services.storage) == 2
    assert client.get(good).data == b"fine"
    refused = client.get(bad)
    assert (refused.status_code, "ウイルスが見つかった" in refused.text) == (404, True)
    assert scanning.scan_waiting(transaction, scanner, office.services.storage) == 0


def test_a_file_is_sent_so_that_it_cannot_act_in_our_name(office: Office) -> None:
    page = given(office, office.submit(), "証明.svg", b"<svg onload=alert(1)>", state="clean")
    answer = office.client().get(page)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]


def test_storage_names_are_drawn_by_lot_and_hold_nothing_of_the_name(office: Office) -> None:
    from webapp.intake import files

    upload = files.Upload("../../etc/秘密.png", b"x", "image/png", False)
    with office.database.transaction() as session:
        keys = [
            files.announce(session, "photo", upload, draft=None, case_id=None).storage_key for _ in range(2)
        ]
    assert keys[0] != keys[1]
    assert all("秘密" not in key and ".." not in key for key in keys)
