"""Keys for the identity provider: ``python -m integrations.identity keygen|prepare|rotate|jwks FILE``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from integrations.identity import keys


def main() -> int:
    """Make, prepare, rotate or export our signing keys; the public set is handed in to the provider."""
    parser = argparse.ArgumentParser(prog="python -m integrations.identity", description=__doc__)
    parser.add_argument("what", choices=["keygen", "prepare", "rotate", "start-over", "jwks"])
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    if options.what == "keygen":
        if options.file.exists():
            sys.stderr.write(f"{options.file} exists: use prepare, then rotate\n")
            return 1
        keys.load_or_make(options.file)
    elif options.what == "prepare":
        sys.stderr.write(
            f"next key {keys.prepare(options.file)}; hand in this set, and rotate once it is known\n"
        )
    elif options.what == "rotate":
        try:
            sys.stderr.write(f"{keys.rotate(options.file)} signs after the next restart\n")
        except keys.NotPrepared as why:
            sys.stderr.write(f"{why}\n")
            return 1
    elif options.what == "start-over":
        sys.stderr.write(
            f"{keys.start_over(options.file)} is the only key; nobody signs in until it is known\n"
        )
    json.dump(keys.public_jwks(keys.load_keys(options.file)), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
