"""Our signing keys at a provider: made, kept in files that only we can read, rotated, exported."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, JWKRegistry, RSAKey


def new_key() -> ECKey:
    """Make a P-256 key whose id tells when it was made."""
    made = time.strftime("%Y%m%d", time.gmtime())
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": f"{made}-{os.urandom(4).hex()}"})


def load_keys(path: Path) -> list[ECKey | RSAKey]:
    """Return the keys of a file, the one that signs first; raises FileNotFoundError."""
    entries = json.loads(path.read_text())["keys"]
    keys = [JWKRegistry.import_key(entry) for entry in entries]
    return [key for key in keys if isinstance(key, (ECKey, RSAKey))]


def load_or_make(path: Path) -> list[ECKey | RSAKey]:
    """Return the keys of a file, making it first; processes that start together end with the same key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        _write(draft, [new_key()])
        try:
            os.link(draft, path)  # fails when another process was first: then theirs counts
        except FileExistsError:
            pass
        draft.unlink()
    return load_keys(path)


class NotPrepared(Exception):
    """The provider cannot know a key yet that was never published."""


def prepare(path: Path) -> str:
    """Publish the next key beside the one that signs, and sign with it only after ``rotate``; returns its id.

    The provider takes the public set by hand, which takes days: a key it does not know signs nobody in.
    """
    fresh = new_key()
    _replace(path, [load_keys(path)[0], fresh], following=str(fresh.kid))
    return str(fresh.kid)


def rotate(path: Path) -> str:
    """Sign with the prepared key from now on, both published; raises NotPrepared. Returns its id."""
    following = json.loads(path.read_text()).get("next")
    known = {str(key.kid): key for key in load_keys(path)}
    if following not in known:
        raise NotPrepared("run prepare first, and hand in the set it prints")
    fresh = known.pop(following)
    _replace(path, [fresh, *known.values()])
    return str(fresh.kid)


def start_over(path: Path) -> str:
    """Drop every key for a new one (a key was lost or seen): nobody signs in until the provider has it."""
    fresh = new_key()
    _replace(path, [fresh])
    return str(fresh.kid)


def public_jwks(keys: list[ECKey | RSAKey]) -> dict[str, Any]:
    """Return the set that is handed in with the application form; private parts never leave."""
    return {"keys": [dict(key.as_dict(private=False)) for key in keys]}


def _replace(path: Path, keys: list[Any], following: str | None = None) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    _write(draft, keys, following)
    draft.replace(path)


def _write(path: Path, keys: list[Any], following: str | None = None) -> None:
    text = json.dumps({"keys": [key.as_dict(private=True) for key in keys], "next": following})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
