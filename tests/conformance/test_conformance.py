"""Every promise, held against the recordings, the sandbox, and a live host where one is named."""

import pytest

from tests.conformance.promises import PROMISES, Promise
from tests.conformance.sources import VERSIONS, Argv, Recorded, Unrecorded, live, live_host, sandbox
from tests.fake_host import APP, FakeHost
from tui.dokku.reports import Unreadable
from tui.model.outcome import Answer

EACH = pytest.mark.parametrize("promise", PROMISES, ids=[p.check.__name__ for p in PROMISES])


@EACH
@pytest.mark.parametrize("version", VERSIONS)
async def test_recordings_keep_it(version: str, promise: Promise) -> None:
    try:
        await promise.check(Recorded(version))
    except Unrecorded as missing:
        pytest.fail(f"not recorded: {missing}")


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_sandbox_keeps_them_all(version: str) -> None:
    broken: list[str] = []
    async with sandbox(version) as spoken:
        for promise in PROMISES:
            try:
                await promise.check(spoken)
            except AssertionError as error:
                broken.append(f"{promise.says}: {error}")
    assert not broken, "\n".join(broken)


@EACH
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_host_in_memory_keeps_it(version: str, promise: Promise) -> None:
    recorded, host = Recorded(version), FakeHost(version)
    host.takes("docker-options:add")

    class InMemory:
        name, app, holder = "in memory", APP, "scenextras--r9--pre-deploy-20261123-231506"
        fill, files = recorded.fill, recorded.files

        async def ask(self, argv: Argv) -> Answer:
            return await host.run(argv, timeout=1.0, writes=True)

    await promise.check(InMemory())


@pytest.mark.live
@EACH
async def test_a_live_host_keeps_it(promise: Promise, request: pytest.FixtureRequest) -> None:
    destination, apps = live_host(), request.config.getoption("--live-app", default=[])
    if destination is None or not apps:
        pytest.fail("needs ROLLBACK_LIVE_HOST and --live-app APP")
    writes = bool(request.config.getoption("--live-writes", default=False))
    if promise.changes and not writes:
        pytest.skip("changes the host: --live-writes")
    for app in apps:
        async with live(destination, app, writes=writes) as spoken:
            await promise.check(spoken)


async def test_a_host_that_behaves_otherwise_is_found_out() -> None:
    async with sandbox("0.35.15") as spoken:
        spoken.app = "nobody-deployed-this"
        for promise in PROMISES:
            if promise.check.__name__ in ("deployed", "running", "built", "listed"):
                with pytest.raises((AssertionError, Unreadable)):
                    await promise.check(spoken)
