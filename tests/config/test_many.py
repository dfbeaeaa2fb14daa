"""A file of 1,000 services: what reading it costs grows with its length, and not faster."""

import sys
from pathlib import Path

from tests.config.fleets import load_text


def text(count: int) -> str:
    lines = ["version: 1", "hosts:", "  h: {ssh: dokku@h.example}", "services:"]
    for n in range(count):
        lines += [
            f"  svc{n}:",
            f"    title: Service {n}",
            "    host: h",
            f"    app: app{n}",
            f"    health: {{url: 'http://app{n}.example/health', expect: {{status: 200}}}}",
            "    rollback: {expected: 30s, downtime: none}",
            f"    links: {{runbook: 'https://wiki.example/{n}'}}",
        ]
    return "\n".join(lines) + "\n"


def calls(count: int, folder: Path) -> int:
    """Python calls that reading takes."""
    made = 0

    def count_one(frame: object, event: str, arg: object) -> None:
        nonlocal made
        made += event == "call"

    written = text(count)
    sys.setprofile(count_one)
    try:
        assert len(load_text(written, folder).services) == count
    finally:
        sys.setprofile(None)
    return made


def test_a_thousand_services_are_read_at_the_cost_of_a_hundred_each(tmp_path: Path) -> None:
    assert len(text(1000)) > 200_000
    few, many = calls(50, tmp_path), calls(500, tmp_path)
    assert many <= 10.5 * few
    assert many / 500 < 450, "calls for each service"
