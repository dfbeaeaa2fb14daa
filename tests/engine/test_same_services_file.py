"""An incident is taken up only with the services file that it was opened with."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests import stage
from tests.incident.test_whose_incident import incident
from tui.engine import same_services_file
from tui.model.errors import ConfigError
from tui.model.service import Fleet


def fleet(path: Path | str) -> Fleet:
    one = incident()
    made = stage.fleet(replace(stage.service(one.service), app=one.app, host=one.host))
    return replace(made, path=str(path), hosts=(replace(made.hosts[0], name=one.host, ssh=one.address),))


def test_a_file_is_known_by_where_it_really_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real.yaml").touch()
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    monkeypatch.chdir(tmp_path)
    assert same_services_file.path(fleet("link.yaml")) == str((tmp_path / "real.yaml").resolve())
    assert same_services_file.path(fleet("")) == ""


def test_another_files_incident_is_refused_while_that_file_is_there(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine.yaml", tmp_path / "theirs.yaml"
    mine.touch()
    theirs.touch()
    one = incident(file=str(theirs))
    with pytest.raises(ConfigError) as found:
        same_services_file.check(replace(fleet(mine), hosts=(replace(fleet(mine).hosts[0], ssh="dokku@two"),)), one)
    assert str(mine) in found.value.message and str(theirs) in found.value.message
    with pytest.raises(ConfigError):
        same_services_file.check(fleet(mine), one)
    assert same_services_file.check(fleet(theirs), one) is one
    theirs.unlink()
    assert same_services_file.check(fleet(mine), one) is one, (
        "a file that was moved away, of the same app on the same host"
    )


def test_of_which_other_file_an_incident_is_is_said(tmp_path: Path) -> None:
    mine, theirs = str(tmp_path / "mine.yaml"), str(tmp_path / "theirs.yaml")
    assert same_services_file.elsewhere(fleet(mine), incident(file=theirs)) == f" (of {theirs})"
    assert (
        same_services_file.elsewhere(fleet(mine), incident(file=mine))
        == same_services_file.elsewhere(fleet(mine), incident(""))
        == ""
    )
