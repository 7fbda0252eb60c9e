"""What takes longer than two seconds says how far it is, on standard error; what does not says nothing."""

import threading

import pytest

from warmstart.cli import working


def test_nothing_is_said_of_what_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    with working.working() as tell:
        tell(0.5, "looking")
    assert capsys.readouterr() == ("", "")


def test_slow_work_says_each_thing_once_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SECONDS", 0.0)
    with working.working() as tell:
        for share in (0.1, 0.2, 0.3):
            tell(share, "looking")
        tell(0.6, "counting")
    assert capsys.readouterr() == ("", "10% looking\n60% counting\n")


def test_a_bar_in_a_terminal_is_gone_afterwards(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SECONDS", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with working.working() as tell:
        tell(0.5, "looking")
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()
    out, err = capsys.readouterr()
    assert out == ""
    assert "looking" in err
    assert "\x1b[2K" in err.rpartition("looking")[2]  # its line is wiped
