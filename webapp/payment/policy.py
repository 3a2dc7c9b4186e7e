"""The city's rules of payment in force, set once when the city is loaded, like the keys of the database."""

from webapp.city import PaymentRules

_in_force: list[PaymentRules] = [PaymentRules()]


def use(rules: PaymentRules) -> None:
    """Set the rules that this process goes by from now on."""
    _in_force[:] = [rules]


def rules() -> PaymentRules:
    """Return the rules in force; the defaults before a city is loaded."""
    return _in_force[0]
