"""Keys for the identity provider: ``python -m integrations.identity keygen|rotate|jwks FILE``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from integrations.identity import keys


def main() -> int:
    """Make, rotate or export our signing keys. The public set is handed in with the application form."""
    parser = argparse.ArgumentParser(prog="python -m integrations.identity", description=__doc__)
    parser.add_argument("what", choices=["keygen", "rotate", "jwks"])
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    if options.what == "keygen":
        if options.file.exists():
            sys.stderr.write(f"{options.file} exists: use rotate\n")
            return 1
        keys.load_or_make(options.file)
    elif options.what == "rotate":
        sys.stderr.write(
            f"new key {keys.rotate(options.file)}; hand in the set before the old one is removed\n"
        )
    json.dump(keys.public_jwks(keys.load_keys(options.file)), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
