"""A services.yaml whose host nobody answers for: the console draws, and nothing outside the machine is asked."""

from pathlib import Path

import pytest

SERVICES = """\
version: 1
environment: staging
hosts:
  nobody: {ssh: "dokku@127.0.0.1:1", sandbox: true}
services:
  api:
    title: Nobody's API
    host: nobody
    app: nobody
    health: {url: "http://127.0.0.1:1/ready"}
    rollback: {expected: 30s, downtime: none}
"""


@pytest.fixture
def services(tmp_path: Path) -> str:
    path = tmp_path / "services.yaml"
    path.write_text(SERVICES)
    return str(path)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"
