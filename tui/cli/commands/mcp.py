"""`rollback mcp`: what agents may read, over the Model Context Protocol on stdin and stdout (the extra `mcp`)."""

import importlib.util
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from tui.cli import output
from tui.cli.commands.agent_tools import MARK, TOOLS, AgentTools
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.engine import same_services_file
from tui.engine.engine import Engine
from tui.model.errors import ConfigError

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server


def refuse() -> None:
    """Raises ConfigError where the extra is not installed, and where no program is at the other end."""
    if importlib.util.find_spec("mcp") is None:
        raise ConfigError("the server for agents is an extra", "pip install 'dokku-rollback[mcp]'")
    for number, name in ((0, "stdin"), (1, "stdout")):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            mode = 0
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):  # a device may never end, a person types no protocol
            raise ConfigError(
                f"{name} is no pipe: an agent's program starts this server and talks to it", "rollback help mcp"
            )


async def mcp(engine: Engine, options: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """Serve until stdin ends. Raises ConfigError where the extra is not installed."""
    refuse()
    from mcp.server.stdio import stdio_server

    narrator.say("serving agents on stdin and stdout: read-only; Ctrl-C or the end of stdin ends it", "dim")
    before = same_services_file.written(engine.fleet)
    made = server(AgentTools(engine, lambda: same_services_file.written(engine.fleet) != before))
    async with stdio_server() as (incoming, outgoing):
        await made.run(incoming, outgoing, made.create_initialization_options())
    return Exit.DONE, {}


def server(tools: AgentTools) -> "Server[Any]":
    """The protocol's server with these tools; nothing is read yet."""
    from importlib.metadata import version

    from mcp import types
    from mcp.server.lowlevel import Server

    async def listed(context: Any, params: Any) -> types.ListToolsResult:
        reads = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=True)
        return types.ListToolsResult(
            tools=[
                types.Tool(name=one.name, description=one.words, input_schema=one.schema, annotations=reads)
                for one in TOOLS
            ]
        )

    async def called(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        good, document = await tools.call(params.name, params.arguments or {})
        text = types.TextContent(type="text", text=json.dumps(document, ensure_ascii=True))
        return types.CallToolResult(content=[text], is_error=not good)

    return Server(
        "rollback",
        version=version("dokku-rollback"),
        instructions=f"Incidents and rollbacks of services on Dokku, read-only. {MARK}",
        on_list_tools=listed,
        on_call_tool=called,
    )
