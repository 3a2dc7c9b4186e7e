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


def rotate(path: Path) -> str:
    """Put a new key in front, keep the one before so that both are published; returns the new key's id."""
    before = load_keys(path)
    fresh = new_key()
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    _write(draft, [fresh, *before[:1]])
    draft.replace(path)
    return str(fresh.kid)


def public_jwks(keys: list[ECKey | RSAKey]) -> dict[str, Any]:
    """Return the set that is handed in with the application form; private parts never leave."""
    return {"keys": [dict(key.as_dict(private=False)) for key in keys]}


def _write(path: Path, keys: list[Any]) -> None:
    text = json.dumps({"keys": [key.as_dict(private=True) for key in keys]})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
