import pytest

from webapp.casework.states import LIVES, life
from webapp.errors import IllegalStep


@pytest.mark.parametrize("kind", LIVES)
def test_every_step_leads_from_known_states_to_a_known_state(kind: str) -> None:
    table = life(kind)
    for step in table.steps.values():
        assert step.target in table.states
        assert step.origins <= set(table.states)


@pytest.mark.parametrize("kind", LIVES)
def test_every_state_can_be_reached_from_the_first(kind: str) -> None:
    table = life(kind)
    reached = {table.initial}
    for _ in table.states:
        reached |= {step.target for step in table.steps.values() if step.origins & reached}
    assert reached == set(table.states)


def test_a_notification_cannot_be_accepted_or_refused() -> None:
    assert not {"accept", "refuse"} & set(life("notification").steps)


def test_an_illegal_step_is_named_in_words_an_officer_knows() -> None:
    with pytest.raises(IllegalStep) as caught:
        life("application").step("accept", "withdrawn")
    assert caught.value.step == "accept"
    assert caught.value.say == "「取下げ」の案件では「承認する」はできません。"


@pytest.mark.parametrize("kind", LIVES)
def test_a_refusal_always_needs_reasons(kind: str) -> None:
    for key in ("refuse", "return", "decline"):
        step = life(kind).steps.get(key)
        assert step is None or step.needs_reasons
