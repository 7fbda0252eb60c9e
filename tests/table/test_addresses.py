"""Tables at addresses: a real server on this machine, and a file system of fsspec."""

import functools
import gzip
import http.server
import pathlib
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import fsspec
import pytest

from tests.table.tables import GOOD
from warmstart.errors import UserError
from warmstart.table import origin
from warmstart.table.sources import load


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, and some answers that are not files."""

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/cut.csv":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(GOOD.encode())
        elif self.path == "/moved.csv":
            self.send_response(302)
            self.send_header("Location", "/a.csv")
            self.end_headers()
        elif self.path == "/login.csv":
            self.send_error(403)
        else:
            super().do_GET()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, pathlib.Path]]:
    """(the beginning of its addresses, the folder that it serves)."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "a.csv").write_text(GOOD)
    (folder / "b.csv").write_text(GOOD + "lonely\n")
    (folder / "page").write_text("<!DOCTYPE html><html>")
    (folder / "table").write_text(GOOD.replace(",", "\t"))
    (folder / "c.csv.gz").write_bytes(gzip.compress(GOOD.encode()))
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    ) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/", folder
        serving.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """The server is on this machine; and where files are fetched to can be looked at."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "fetched").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "fetched"))


@pytest.mark.parametrize("name", ["a.csv", "a.csv?version=2&name=x/y.parquet", "moved.csv", "table", "c.csv.gz"])
@pytest.mark.parametrize("keep", [True, False])
def test_rows_are_those_of_the_file(
    server: tuple[str, pathlib.Path], tmp_path: pathlib.Path, name: str, keep: bool
) -> None:
    address, folder = server
    cache = str(tmp_path / "cache")
    [rows] = load(address + name, cache_dir=cache, keep=keep).values()
    assert rows.to_list() == load(folder / "a.csv", cache_dir=cache)["train"].to_list()
    assert origin.place(rows, "train").startswith(address + name + ", ")
    assert not list((tmp_path / "fetched").iterdir())  # what was fetched is gone


def test_an_address_wherever_a_file_can_be_named(server: tuple[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    address, folder = server
    cache = str(tmp_path / "cache")
    several = load({"train": folder / "a.csv", "dev": address + "a.csv"}, test=address + "c.csv.gz", cache_dir=cache)
    assert {split: len(rows) for split, rows in several.items()} == {"train": 2, "validation": 2, "test": 2}
    with pytest.raises(UserError, match="no configurations"):
        load(address + "a.csv", config="x", cache_dir=cache)


@pytest.mark.parametrize(
    ("name", "problem", "fix"),
    [
        ("gone.csv", "404", "download the file"),
        ("login.csv", "403", "login"),
        ("cut.csv", "only 28 of 1,000 bytes came", "download the file"),
        ("page", "a web page", "the address of the file itself"),
        ("b.csv", "a row has 1 cells", "missing cells"),
    ],
)
def test_what_is_wrong_is_told_with_the_address(
    server: tuple[str, pathlib.Path], tmp_path: pathlib.Path, name: str, problem: str, fix: str
) -> None:
    with pytest.raises(UserError) as caught:
        load(server[0] + name, cache_dir=str(tmp_path / "cache"))
    assert problem in caught.value.problem
    assert caught.value.where.startswith(server[0] + name)
    assert fix in caught.value.fix
    assert not list((tmp_path / "fetched").iterdir())


def test_a_server_that_is_not_there(tmp_path: pathlib.Path) -> None:
    for address in ("http://127.0.0.1:1/a.csv", "http://[/a.csv"):
        with pytest.raises(UserError, match="the address cannot be read"):
            load(address, cache_dir=str(tmp_path))


def test_other_addresses_go_through_fsspec(tmp_path: pathlib.Path) -> None:
    fsspec.filesystem("memory").pipe("/there/a.tsv", GOOD.replace(",", "\t").encode())
    assert len(load("memory://there/a.tsv", cache_dir=str(tmp_path))["train"]) == 2
    with pytest.raises(UserError, match="nothing there"):
        load("memory://there/b.tsv", cache_dir=str(tmp_path))
    with pytest.raises(UserError, match="Protocol not known"):
        load("nosuch://there/b.tsv", cache_dir=str(tmp_path))


@pytest.mark.parametrize(("address", "module"), [("s3://bucket/a.csv", "s3fs"), ("gs://bucket/a.csv", "gcsfs")])
def test_the_package_that_is_missing_is_named(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, address: str, module: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(UserError, match="is not installed") as caught:
        load(address, cache_dir=str(tmp_path))
    assert f"pip install {module}" in caught.value.fix


def test_a_file_that_is_named_like_an_address_is_a_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("http:").mkdir()
    pathlib.Path("http:", "a.csv").write_text(GOOD)
    assert len(load("http://a.csv", cache_dir="cache")["train"]) == 2
