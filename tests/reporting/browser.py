"""A browser without a window, driven through chromedriver's own protocol (W3C WebDriver): plain HTTP, no package."""

import base64
import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

# No sandbox, since tests may run as root; nothing asked for from the network at the start or later.
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008"}


class Browser:
    """One page at a time. Each method raises AssertionError with what chromedriver says where it refuses."""

    def __init__(self, port: int, profile: str) -> None:
        self._base = f"http://127.0.0.1:{port}"
        wanted = {
            "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={profile}"]},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._base += f"/session/{session['sessionId']}"
        self.cdp("Network.enable")
        self.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def cdp(self, command: str, **values: Any) -> Any:
        """A command of Chromium's own protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": values})

    def look(self, width: int, *, dark: bool = False, height: int = 1000, media: str = "screen") -> None:
        """A screen of this width, and what its user prefers."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def open(self, page: pathlib.Path) -> None:
        """The page with its charts drawn, or after five seconds without."""
        self._ask("POST", "/url", {"url": page.resolve().as_uri()})
        self.run(
            """const end = arguments[arguments.length - 1], began = Date.now();
            const wait = () => document.documentElement.dataset.drawn || Date.now() - began > 5000
                ? requestAnimationFrame(() => end()) : setTimeout(wait, 20); wait();""",
            "async",
        )

    def run(self, script: str, way: str = "sync") -> Any:
        """What a script returns."""
        return self._ask("POST", f"/execute/{way}", {"script": script, "args": []})

    def press(self, *keys: str) -> None:
        """Keys one after the other, where the focus is."""
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def log(self) -> list[str]:
        """What the console has said since it was last asked."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def picture(self, file: pathlib.Path, height: int | None = None) -> None:
        """The whole page, or its first pixels, as a PNG."""
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"], "scale": 1}
        shot = self.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._ask("DELETE", "")


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser of its own; where there is none the test is skipped."""
    driver = shutil.which("chromedriver")
    if driver is None or shutil.which("chromium") is None:
        pytest.skip("needs Chromium and its driver: make browser installs them")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:  # the browser may still be writing
        asked = [driver, "--port=0"]
        with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as served:
            try:
                assert served.stdout is not None
                said = next(line for line in served.stdout if "successfully on port" in line)
                opened = Browser(int(said.split("port ")[-1].strip(" .\n")), profile)
                try:
                    yield opened
                finally:
                    opened.close()
            finally:
                served.terminate()
