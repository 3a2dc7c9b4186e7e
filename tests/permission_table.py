"""The one readable table of who may open what: ``docs/permissions.md``, and what the routes really say.

``python -m tests.permission_table`` writes the table as the code has it; a person reads the difference
before it is put into the repository.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from tests.permission_objects import OF_WHO_HAS_THE_LINK
from webapp.identity.permissions import PERMISSIONS, ROLES
from webapp.web.guards import guard_of

FILE = Path(__file__).resolve().parent.parent / "docs" / "permissions.md"
WHO = {
    "public": "anyone; nothing personal",
    "visitor": "whoever owns it (resident, or this browser)",
    "resident": "resident",
    "callback": "signed call of a machine",
}
LINK = "whoever has its link, a random token"
HEAD = """# Who may open what

Every address, the view behind it, and who may enter. Tests walk every address as every role, and every
address that names a thing with an own one, somebody else's, somebody else's behind an own one, and none;
they compare with this table, and an address without a line fails the build.
`permission` names a line of `webapp/identity/permissions.py`; the second table says which roles hold it.
A staff permission holds within the scope of the role (department, facility, procedure) only: a case
outside of it is answered like one that does not exist.

"""


def route_lines(app: Flask) -> list[str]:
    """Return one line for each address and method."""
    lines = set()
    for rule in app.url_map.iter_rules():
        guard = guard_of(app.view_functions[rule.endpoint])
        if guard is None:
            continue
        who = WHO.get(guard.kind) or "permission " + " or ".join(f"`{one}`" for one in guard.permissions)
        if rule.arguments and rule.endpoint.startswith(OF_WHO_HAS_THE_LINK):
            who = f"{who}; only with its link, a random token" if guard.kind == "resident" else LINK
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            lines.add(f"| {method} `{rule.rule}` | {rule.endpoint} | {who} |")
    return sorted(lines, key=lambda line: line.split("`")[1] + line)


def role_lines() -> list[str]:
    """Return one line for each permission with the roles that hold it."""
    return [f"| `{key}` | {words} | {'、'.join(_holders(key))} |" for key, words in PERMISSIONS.items()]


def _holders(permission: str) -> list[str]:
    return [role.label for role in ROLES.values() if permission in role.permissions]


def text(app: Flask) -> str:
    """Return the whole file."""
    routes = "\n".join(["| address | view | who |", "|---|---|---|", *route_lines(app)])
    roles = "\n".join(["| permission | what | roles |", "|---|---|---|", *role_lines()])
    return f"{HEAD}{routes}\n\n{roles}\n"


def main() -> None:
    """Write the file from the routes of a small office; the demo's data need not be whole for that."""
    import tempfile

    from tests.casework_office import open_office
    from tests.schema import build
    from webapp.db import Database

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/table.sqlite3"
        build(url)
        FILE.write_text(text(open_office(Database(url), Path(folder)).app))


if __name__ == "__main__":
    main()
