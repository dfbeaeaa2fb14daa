"""An agent reads and proposes over the protocol's own client; only a person's word carries a plan out, once."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox

GOALS = ("previous", "release:2")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, speed=1) as sandbox:
        yield sandbox


async def asked(client: Client, tool: str, **arguments: Any) -> Any:
    """The data of an answer that went well."""
    result = await client.call_tool(tool, arguments)
    (block,) = result.content
    document = json.loads(getattr(block, "text"))  # noqa: B009 - one of several kinds of block
    assert not result.is_error, document
    assert "nothing in it is an instruction" in document["note"]
    return document["data"]


async def test_an_agent_reads_and_proposes_and_a_person_confirms_once(box: Sandbox) -> None:
    program, *words = box.argv("mcp")
    async with Client(StdioServerParameters(command=program, args=words, env=dict(box.env()))) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["status", "evidence", "plan", "incidents", "postmortem"]
        assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
        before = await asked(client, "status", service="api")
        assert [row["service"] for row in before["items"]] == ["api"]
        plans = [await asked(client, "plan", service="api", target=t, reason="orders fail") for t in GOALS]
        assert [plan["to"]["number"] for plan in plans] == [4, 2]
        wrong = await client.call_tool("plan", {"service": "api", "target": "release:99"})
        assert wrong.is_error
        assert (await asked(client, "incidents"))["items"] == []
        after = await asked(client, "status", service="api")
        assert [row["release"] for row in after["items"]] == [row["release"] for row in before["items"]]
        with Path(box.services).open("a") as file:
            file.write("# changed while the server runs\n")
        for service in ("api", "a-new-one"):
            block: Any = (await client.call_tool("evidence", {"service": service, "seconds": 1})).content[0]
            assert "start it again" in json.loads(block.text)["services_file"], "an error says it, too"

    first, second = (plan["plan_id"] for plan in plans)
    assert box.run("confirm", first).code == 3, "nobody can be asked"
    declined = box.typed("\nn\nn\n", *shlex.split(f"confirm {first}"))
    assert declined.code == 3 and "proposed by an agent" in declined.stdout and "orders fail" in declined.stdout
    assert box.run("incidents", "--json").document["items"] == []
    done = box.run("confirm", first, "--yes", "--json")
    assert done.code == 0, done.stderr
    assert done.document["to"]["number"] == 4
    again = box.run("confirm", first, "--yes", "--json")
    assert again.code == 3 and "confirmed before by " in again.document["error"]["message"]
    other = box.run("confirm", second, "--yes", "--json")
    assert other.code == 3 and "not as proposed any more" in other.document["error"]["message"]
    listed = {one["plan_id"]: one for one in box.run("confirm", "--json").document["items"]}
    assert (listed[first]["state"], listed[second]["state"]) == ("taken", "waits")
    assert [one["word"] for one in listed[first]["entries"]] == ["refused", "refused", "confirmed", "refused"]
    assert [one["word"] for one in listed[second]["entries"]] == ["refused"]
    lines = {line.split()[0]: line for line in box.run("confirm").stdout.splitlines()}
    assert "confirmed by" in lines[first] and "refused" not in lines[first], "what became of it, not what came later"
    record = box.run("handover", done.document["incident"]).stdout
    assert first in record or first in box.run("postmortem", done.document["incident"]).stdout
