"""Where services.yaml is looked for, and that no damage to it gives anything but a clear error."""

from pathlib import Path

import platformdirs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.config.fleets import SHIPPED, SMALL, load_text
from tui import config as services
from tui.config import Origin
from tui.drivers.vendors import sections
from tui.model.errors import ConfigError
from tui.text.clean import clean


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, here = tmp_path / "config", tmp_path / "here"
    config.mkdir()
    here.mkdir()
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda *_, **__: str(config))
    environ = {"ROLLBACK_SERVICES": "other.yaml"}

    with pytest.raises(ConfigError, match=r"there is no services\.yaml: looked for") as nothing:
        services.find(None, environ={}, cwd=here)
    assert "--services FILE" in nothing.value.fix and "rollback sandbox" in nothing.value.fix
    (config / "services.yaml").write_text(SMALL)
    assert services.find(None, environ={}, cwd=here) == (config / "services.yaml", Origin.CONFIGURED)
    (here / "services.yaml").write_text(SMALL)
    assert services.find(None, environ={}, cwd=here) == (here / "services.yaml", Origin.HERE)
    for path, environment, found in (
        (None, environ, here / "other.yaml"),
        ("named.yaml", environ, here / "named.yaml"),
        ("~/named.yaml", environ, Path.home() / "named.yaml"),
    ):
        assert services.find(path, environ=environment, cwd=here) == (found, Origin.NAMED)


def test_the_shipped_file_is_used_only_by_its_name(tmp_path: Path) -> None:
    file, origin = services.find("shipped", environ={}, cwd=tmp_path)
    assert file.samefile(SHIPPED) and origin is Origin.NAMED
    assert services.load(file, environ={}, sections=sections()).services


def test_a_named_file_that_is_missing_is_never_replaced_by_another(tmp_path: Path) -> None:
    (tmp_path / "services.yaml").write_text(SMALL)
    for path, environ in (("absent.yaml", {}), (None, {"ROLLBACK_SERVICES": "absent.yaml"})):
        file, _ = services.find(path, environ=environ, cwd=tmp_path)
        with pytest.raises(services.ServicesError, match=r"absent\.yaml:1: cannot be read: No such file"):
            services.load(file, environ={})


def _load_or_explain(text: str, folder: Path) -> None:
    try:
        fleet = load_text(text, folder)
    except services.ServicesError as wrong:
        lines = len(text.splitlines()) + 1
        assert wrong.problems
        assert all(1 <= p.line <= lines for p in wrong.problems)
        assert clean(wrong.message) == wrong.message  # harmless on a terminal
        wrong.message.encode()
    else:
        assert fleet.services
        assert all(fleet.host(s.host).ssh for s in fleet.services)


ANYWHERE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ANYWHERE
@given(st.data())
def test_damaged_characters(tmp_path: Path, data: st.DataObject) -> None:
    text = SHIPPED.read_text()
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 30))
    put = data.draw(
        st.text(max_size=8) | st.sampled_from(["&a ", "*a", "<<: ", "${", "!!binary ", "\t", "\x00", '"\\U'])
    )
    _load_or_explain(text[:at] + put + text[at + cut :], tmp_path)


VALUES = (
    "",
    "{}",
    "[]",
    "[[]]",
    "{a: {b: c}}",
    "null",
    "~",
    "-1",
    "1e9",
    "yes",
    "'",
    "${X}",
    "0x1",
    "2024-01-01",
    '"\\n"',
)


@ANYWHERE
@given(st.data())
def test_damaged_lines(tmp_path: Path, data: st.DataObject) -> None:
    """Values of other kinds, lines that are gone, twice there or elsewhere: what people do to YAML."""
    lines = SHIPPED.read_text().splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                lines[at] = lines[at].partition(":")[0] + ": " + data.draw(st.sampled_from(VALUES))
            case 1:
                del lines[at]
            case 2:
                lines.insert(data.draw(st.integers(0, len(lines))), lines[at])
            case _:
                lines[at] = " " * data.draw(st.integers(0, 8)) + lines[at].strip()
    _load_or_explain("\n".join(lines), tmp_path)


@pytest.mark.parametrize("number", range(len(SHIPPED.read_text().splitlines())))
def test_an_unknown_key_is_reported_in_its_own_line(tmp_path: Path, number: int) -> None:
    """Whatever line it is put before, a key at the top of the file that nobody knows is found where it stands."""
    lines = SHIPPED.read_text().splitlines()
    if lines[number][:1] in (" ", ""):
        return
    lines.insert(number, "nobody_knows: this")
    with pytest.raises(services.ServicesError) as wrong:
        load_text("\n".join(lines), tmp_path)
    assert [(p.line, p.text[:12]) for p in wrong.value.problems] == [(number + 1, "nobody_knows")]
