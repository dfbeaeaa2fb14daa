"""How the program ends: all is said and done, and what was imported is left as it is."""

import subprocess
import sys

SCRIPT = """
import atexit, os, sys, threading
class Taken:
    def __del__(self, write=os.write):
        write(1, b"taken down\\n")
taken = Taken()
{before}
from tui import __main__ as program
run = program._run
def told(argv):
    atexit.register(print, "registered")
    threading.Thread(target=lambda: (threading.main_thread().join(), print("thread"))).start()
    {inside}
    return run(argv)
program._run = told
sys.argv = ["rollback", *{words}]
program.main()
"""


def ended(words: list[str], *, before: str = "", inside: str = "pass") -> tuple[int, list[str]]:
    """The exit code, and the lines that were written."""
    script = SCRIPT.format(words=words, before=before, inside=inside)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def test_threads_and_what_was_registered_are_waited_for_and_nothing_is_taken_down() -> None:
    code, lines = ended(["help"], inside="print('held back', end='')")
    assert code == 0
    assert lines[0].startswith("held back") and lines[-2:] == ["thread", "registered"]


def test_the_exit_code_is_the_commands() -> None:
    code, lines = ended(["none", "previous", "--services", "/nowhere.yaml"])
    assert code == 2 and lines[-1] == "registered"


def test_what_is_raised_is_said_by_python() -> None:
    code, lines = ended(["help"], inside="raise RuntimeError('wrong')")
    assert code == 1 and lines[-1] == "taken down"


def test_whoever_registered_before_it_began_is_called_as_well() -> None:
    code, lines = ended(["help"], before="atexit.register(print, 'first')")
    assert code == 0 and lines[-2:] == ["first", "taken down"]
