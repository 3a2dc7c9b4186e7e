"""The checklist is whole, and every proof it names is there; whether the proofs hold says ``dev.py security``."""

from __future__ import annotations

import re

import pytest

from tests.security_checks import CHECKS, Check
from webapp.settings import ROOT

NAME = re.compile(r"^def (test_\w+)", re.M)


def test_the_list_has_every_number_once() -> None:
    assert [one.number for one in CHECKS] == list(range(1, 49))


@pytest.mark.parametrize("check", CHECKS, ids=lambda one: str(one.number))
def test_every_proof_of_a_check_exists(check: Check) -> None:
    assert check.tests, f"{check.requirement}: by hand only"
    for proof in check.tests:
        place, _, words = proof.partition("::")
        names = NAME.findall((ROOT / place).read_text())
        assert any(word in name for name in names for word in words.split("_or_")), proof
