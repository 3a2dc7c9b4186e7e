"""What is deep, long or made to be slow is refused or cut before it costs anything."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy.orm import Session

from webapp.identity import passkeys
from webapp.resident import applicant

SITE = passkeys.Site("https://madoguchi.example", "madoguchi.example", "みほん市")


@pytest.mark.parametrize("credential", ["[" * 19_000, '{"id":' * 3000, "9" * 20_001, "null", "{}", ""])
def test_a_credential_without_end_is_no_proof(credential: str) -> None:
    assert passkeys.prove(cast(Session, None), 1, SITE, credential, "Y2hhbGxlbmdl") is False


def test_an_address_line_without_end_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its expression takes a time that grows with the square of the length."""
    assert applicant.address_parts("見本県みほん市中央一丁目2番")["city"] == "みほん市"
    endless = "市" * (applicant.LONGEST_LINE + 1)
    monkeypatch.setattr(applicant, "_LINE", None)  # would be an error, were it asked
    assert applicant.address_parts(endless) == {"town": endless}
