"""Logs as recorded: one process after the other, 100 lines by default, a stream until client or container ends."""

from __future__ import annotations

import asyncio
import re

from tests.sandbox.guest import Guest, source

LINE = re.compile(r"\x1b\[(\d\d)m\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z app\[(web|worker)\.1\]:\x1b\[0m .*")
APP = "scenextras-transcription"


async def test_lines_of_each_process_come_one_after_the_other(guest: Guest) -> None:
    lines = (await guest.ok(f"logs {APP} --num 3")).splitlines()
    found = [match for line in lines if (match := LINE.fullmatch(line))]
    assert len(found) == len(lines) == 6
    assert [match[2] for match in found] == ["web"] * 3 + ["worker"] * 3
    assert len({match[1] for match in found}) == 2  # a colour for each process
    assert len((await guest.ok(f"logs {APP}")).splitlines()) == 200


async def test_filters_and_raw_lines(guest: Guest) -> None:
    assert all("app[worker.1]" in line for line in (await guest.ok(f"logs {APP} --num 5 --ps worker")).splitlines())
    assert await guest.ok(f"logs {APP} -p web.1") == ""
    assert await guest.ok(f"logs {APP} -p bogus") == ""
    raw = await guest.ok(f"logs {APP} --num 1 -q --ps worker")
    assert raw.startswith("worker tick ")


async def test_a_stopped_app_still_shows_its_last_lines(guest: Guest) -> None:
    await guest.ok("ps:stop scenextras")
    assert len((await guest.ok("logs scenextras --num 5")).splitlines()) == 5


async def test_the_stream_brings_requests_as_they_are_answered(guest: Guest) -> None:
    connection = await guest.connection()
    async with connection.create_process("logs scenextras --num 2 -t") as stream:
        assert [await stream.stdout.readline() for _ in range(2)]
        await guest.get("api", "/api/a-request-nobody-else-makes")
        while "a-request-nobody-else-makes" not in (line := await stream.stdout.readline()):
            assert line
        await guest.control("/log", app="scenextras", lines=["put here", "and here"])
        while "put here" not in (line := await stream.stdout.readline()):
            assert line
        assert "and here" in await stream.stdout.readline()


async def test_a_stream_ends_with_its_container_and_no_earlier(guest: Guest) -> None:
    connection = await guest.connection()
    async with connection.create_process("logs scenextras --num 1 -t -q") as stream:
        await stream.stdout.readline()
        await guest.push("scenextras", source("v1.6.0"))
        rest = await stream.stdout.read()
        done = await stream.wait()
    assert done.exit_status == 0
    assert "version=v1.6.0" not in rest  # the new container is another stream


async def test_a_stream_whose_client_leaves_is_no_command_any_more(guest: Guest) -> None:
    connection = await guest.connect()
    stream = await connection.create_process("logs scenextras -t")
    await stream.stdout.readline()
    connection.abort()
    command = "logs scenextras -t"
    while True:
        calls = (await guest.state())["commands"]
        (call,) = [call for call in calls if call["command"] == command]
        if call["ended"] is not None:
            break
        await asyncio.sleep(0.01)


async def test_access_logs_are_the_last_twenty_lines_of_nginx(guest: Guest) -> None:
    for _ in range(3):
        await guest.get("gateway", "/health")
    lines = (await guest.ok("nginx:access-logs scenextras-gateway")).splitlines()
    assert len(lines) == 20
    shape = r'[\d.]+ - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \S+ HTTP/1.1" \d{3} \d+ "-" ".*"'
    assert all(re.fullmatch(shape, line) for line in lines)
    assert '"GET /health HTTP/1.1" 200' in lines[-1]
    errors = [line for line in (await guest.ok("nginx:access-logs scenextras")).splitlines() if '" 500 ' in line]
    assert len(errors) == 4  # every fifth


async def test_access_logs_can_be_followed(guest: Guest) -> None:
    connection = await guest.connection()
    async with connection.create_process("nginx:access-logs scenextras-gateway -t") as stream:
        for _ in range(20):
            await stream.stdout.readline()
        await guest.get("gateway", "/api/followed")
        while "/api/followed" not in (line := await stream.stdout.readline()):
            assert line
