"""What staff see of an electronic signature: honest words, the evidence to hand out, judged once more."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from integrations.identity import sandbox
from integrations.identity.cards import BY_KEY
from integrations.identity.jpki_verifier import JpkiVerifier
from integrations.identity.simulator_pki import TestAuthority, sign_digest
from tests.casework_office import Office, open_office, post
from webapp import clock
from webapp.audit import SYSTEM, AuditEntry
from webapp.casework.models import Case
from webapp.db import Database
from webapp.identity import cms, signatures
from webapp.identity.models import Resident
from webapp.identity.proof_models import Signature
from webapp.identity.residents import sign_in
from webapp.ports.identity import Assertion, Level
from webapp.ports.signature import Signed

CONTENT = {"shown": [["申請する人", [["氏名", "見本　花子"], ["希望", "急いでいます"]]]]}
DOCUMENT = signatures.canonical(CONTENT)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    (tmp_path / "pki").mkdir()
    return TestAuthority.load_or_make(tmp_path / "pki" / "simulator-ca.pem")


def signed_case(
    office: Office, authority: TestAuthority, *, signer: str = "hanako", keep: bool = True
) -> tuple[str, str, Signed]:
    """A case with a signature judged without a revocation list; returns reference, page and evidence."""
    reference = office.submit()
    signed = sign_digest(*authority.issue(BY_KEY[signer]), hashlib.sha256(DOCUMENT).digest())
    verdict = JpkiVerifier([authority.anchor(with_list=False)]).verify(DOCUMENT, signed, at=datetime.now(UTC))
    with office.database.transaction() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        card = Assertion("x", "y", "z", Level.CARD, clock.now(), name="見本　花子")
        resident = sign_in(session, card)
        row = signatures.prepare(session, resident, "draft", DOCUMENT)
        signatures.store(session, row, signed, verdict, SYSTEM, keep_certificate=keep)
        signatures.attach(session, "draft", case.id)
        number = row.id
    return reference, f"/staff/cases/{reference}/signatures/{number}/", signed


def test_without_a_revocation_list_the_page_never_says_valid(
    office: Office, authority: TestAuthority
) -> None:
    reference, page, _signed = signed_case(office, authority)
    client = office.client()
    case_page = client.get(f"/staff/cases/{reference}").text
    assert "検証済み(失効は未確認)" in case_page
    assert "署名の記録を見る" in case_page
    shown = client.get(page).text
    for words in ("失効しているかどうかは、確かめていません", "見本　花子", "急いでいます", "模擬"):
        assert words in shown
    assert '<span class="tag tag--good">' not in shown
    with office.database.reading() as session:
        viewed = session.scalars(select(AuditEntry).where(AuditEntry.action == "case.signature")).one()
        assert viewed.actor_kind == "staff"


def test_the_evidence_is_handed_out_byte_for_byte(office: Office, authority: TestAuthority) -> None:
    reference, page, signed = signed_case(office, authority)
    client = office.client()
    document = client.get(f"{page}document")
    assert document.data == DOCUMENT
    assert json.loads(document.data) == CONTENT
    file = client.get(f"{page}file")
    assert file.data == cms.detached(signed.signature, signed.certificate)
    assert f"{reference}-signature.p7s" in file.headers["Content-Disposition"]


def test_another_department_sees_nothing_of_it(office: Office, authority: TestAuthority) -> None:
    _reference, page, _signed = signed_case(office, authority)
    other = office.client("zeimu")
    assert [other.get(f"{page}{part}").status_code for part in ("", "document", "file")] == [404] * 3


def test_a_signature_of_another_case_is_not_found(office: Office, authority: TestAuthority) -> None:
    _reference, page, _signed = signed_case(office, authority)
    other = office.submit()
    number = page.rstrip("/").rpartition("/")[2]
    assert office.client().get(f"/staff/cases/{other}/signatures/{number}/").status_code == 404


@pytest.mark.parametrize(("signer", "words"), [("hanako", "有効"), ("taro", "無効")])
def test_a_list_that_came_later_settles_it_as_of_the_signing(
    office: Office, authority: TestAuthority, tmp_path: Path, signer: str, words: str
) -> None:
    """Somebody else's signature stays invalid however good it is."""
    _reference, page, _signed = signed_case(office, authority, signer=signer)
    base = "http://127.0.0.1:9"
    plug = sandbox.build_plug(base_url=base, internal_url=base, folder=tmp_path / "pki")
    office.app.extensions["madoguchi"] = replace(office.services, identity={plug.id: plug})
    with office.database.reading() as session:
        before = session.scalars(select(Signature)).one().signed_at
    with clock.frozen(clock.now() + timedelta(hours=2)):
        client = office.client()
        assert post(client, page, f"{page}again").status_code == 303
        shown = client.get(page).text
    assert f'">{words}</span>' in shown
    with office.database.reading() as session:
        assert session.scalars(select(Signature)).one().signed_at == before


def test_a_protected_signers_address_is_not_shown(office: Office, authority: TestAuthority) -> None:
    _reference, page, _signed = signed_case(office, authority)
    client = office.client()
    assert "中央一丁目2番3号" in client.get(page).text
    with office.database.transaction() as session:
        session.scalars(select(Resident)).one().protected = True
    assert "中央一丁目2番3号" not in client.get(page).text


def test_where_the_certificate_is_not_kept_the_verdict_stands_for_itself(
    office: Office, authority: TestAuthority
) -> None:
    _reference, page, _signed = signed_case(office, authority, keep=False)
    client = office.client()
    shown = client.get(page).text
    assert "証明書そのものは保存していません" in shown
    assert "署名を保存（CMS）" not in shown
    assert client.get(f"{page}file").status_code == 404
    assert post(client, page, f"{page}again").status_code == 503
    with office.database.reading() as session:
        evidence = session.scalars(select(Signature)).one().evidence
        assert evidence is not None
        assert evidence["certificate"] is None
