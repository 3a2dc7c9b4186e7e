"""A running sample city for the journeys: real web and worker processes on a folder of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from webapp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent


@dataclass
class RunningCity:
    """Addresses and switches of one running sample city."""

    url: str
    folder: Path
    env: dict[str, str]

    @property
    def clock_file(self) -> Path:
        return Path(self.env["MADOGUCHI_CLOCK_FILE"])

    def move_clock(self, seconds: float) -> None:
        """Let every process of the city believe that it is ``seconds`` later than it is."""
        self.clock_file.write_text(str(seconds))

    def next_minute(self) -> None:
        """Go on by a minute and run what is due then, as the worker would sooner or later."""
        shift = float(self.clock_file.read_text()) if self.clock_file.exists() else 0.0
        self.move_clock(shift + 60)
        self.flask("tick")

    def flask(self, *arguments: str) -> str:
        """Run one of the application's commands and return what it printed."""
        command = [str(TOOLS / "flask"), "--app", "wsgi", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout


@contextmanager
def running(folder: Path, *, database_url: str | None = None, **settings: str) -> Iterator[RunningCity]:
    """Start web and worker; ``settings`` are further environment variables."""
    port = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    env = {key: value for key, value in os.environ.items() if not key.startswith("MADOGUCHI_")}
    env |= {
        "MADOGUCHI_MODE": "demo",
        "MADOGUCHI_DATA_DIR": str(folder),
        "MADOGUCHI_CACHE_DIR": str(Settings.cache_dir),
        "MADOGUCHI_BASE_URL": f"http://localhost:{port}",
        "MADOGUCHI_CLOCK_FILE": str(folder / "clock-shift"),
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    if database_url:
        env["DATABASE_URL"] = database_url
    city = RunningCity(f"http://localhost:{port}", folder, env)
    city.flask("city", "prepare")
    web = [str(TOOLS / "gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{port}", "--threads", "8"]
    web += ["--log-level", "warning", "--timeout", "60"]
    worker = [str(TOOLS / "flask"), "--app", "wsgi", "worker"]
    log = (folder / "processes.log").open("wb")
    processes = [subprocess.Popen(c, cwd=ROOT, env=env, stdout=log, stderr=log) for c in (web, worker)]
    try:
        _wait(f"{city.url}/healthz", processes, folder / "processes.log")
        yield city
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        log.close()


def _wait(url: str, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            break
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.15)
    raise RuntimeError(f"the city did not start: {log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
