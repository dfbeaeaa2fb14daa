"""A rollback that programs are told of: from services.yaml through the outbox to the strict stand-ins of each."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox
from tests.vendors import Vendors
from tests.vendors import vendors as vendors
from tests.vendors.cdevents import wrong


@pytest.fixture
def box(tmp_path: Path, vendors: Vendors) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, environ=vendors.environ) as sandbox:
        services = tmp_path / "services.yaml"
        text = Path(sandbox.services).read_text().replace("\n  api:\n", f"\n  api:\n    {vendors.deploys_yaml}", 1)
        programs = vendors.programs_yaml.replace("cdevents: {", f'cdevents: {{file: "{tmp_path}/events.jsonl", ')
        services.write_text(f"{text}{programs}")
        sandbox.services = str(services)
        yield sandbox


def test_programs_are_told_of_a_rollback_in_their_own_words(box: Sandbox, vendors: Vendors, tmp_path: Path) -> None:
    checked = {one["topic"]: one for one in box.run("check", "api", "--json").document["items"]}
    assert [checked[name]["result"] for name in ("grafana", "datadog", "sentry_deploys")] == ["ok"] * 3
    assert vendors.cdevents.arrived == [], "a check is no event"
    done = box.run("api", "previous", "--yes", "--json")
    assert done.code == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [line["data"] for line in lines] == vendors.cdevents.arrived
    assert [event["context"]["type"] for event in vendors.cdevents.arrived] == [
        "dev.cdevents.incident.detected.0.3.0",
        "dev.cdevents.service.rolledback.0.3.0",
        "dev.cdevents.incident.resolved.0.3.0",
    ]
    assert [wrong(event) for event in vendors.cdevents.arrived] == ["", "", ""]
    moments = [one["tags"][3] for one in vendors.grafana.annotations]
    assert moments == ["started", "verified", "closed"]
    assert len(vendors.datadog.events) == 3
    ((version, deploys),) = vendors.sentry_deploys.deploys.items()
    assert version == done.document["to"]["commit"] and len(deploys) == 1
