"""asyncssh is imported without the programs that ctypes runs to find C libraries, and finds them all the same."""

import ctypes.util
import subprocess
import sys
from pathlib import Path

import pytest

from tui.drivers.ssh import library

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ctypes runs no program")

NO_PROGRAM = """
import os, subprocess
class Popen(subprocess.Popen):
    def __init__(self, *words, **how):
        os._exit(7)
subprocess.Popen = Popen
from tui.drivers.ssh import library
asyncssh = library._import()
from asyncssh.crypto import umac
print(asyncssh.__version__, umac._nettle_lib or "")
"""


def test_no_program_is_run_and_nettle_is_found_where_ctypes_finds_it() -> None:
    done = subprocess.run([sys.executable, "-c", NO_PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _, _, file = done.stdout.strip().partition(" ")
    assert bool(file) == bool(ctypes.util.find_library("nettle"))


NO_X509 = """
import sys
from tui.drivers.ssh import library
asyncssh = library._import()
loaded = [name for name in sys.modules if "x509" in name]
from cryptography import x509
try:
    asyncssh.import_certificate(sys.stdin.buffer.read())
except asyncssh.KeyImportError as error:
    print(len(loaded), error, [a for a in asyncssh.public_key.get_certificate_algs() if a.startswith(b"x509")])
"""


def test_x509_is_left_out_and_a_file_that_holds_one_is_no_certificate(tmp_path: Path) -> None:
    made = "openssl req -x509 -newkey ed25519 -nodes -keyout key -out pem -subj /CN=a"
    subprocess.run(made.split(), cwd=tmp_path, capture_output=True, check=True)
    certificate = (tmp_path / "pem").read_bytes()
    done = subprocess.run([sys.executable, "-c", NO_X509], input=certificate, capture_output=True, check=False)
    assert done.stdout.decode().strip() == "0 X.509 certificates are not used for SSH []", done.stderr


def test_a_file_that_cannot_be_loaded_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "liboqs.so.9").write_bytes(b"of another machine")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setattr(library, "FOLDERS", ())
    assert library.file_of("oqs") is None


def test_ctypes_finds_as_it_did_afterwards_and_other_libraries_meanwhile() -> None:
    real = ctypes.util.find_library
    with library.nothing_run():
        assert ctypes.util.find_library("c") == real("c")
    assert ctypes.util.find_library is real
