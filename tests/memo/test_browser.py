"""The memo in a browser: Debian's Chromium, wide, narrow and in print (`make check-system`).

The page is looked at as it is, over the browser's own debugging pipe, so that its policy and its script hold.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gambits.cli import main

pytestmark = pytest.mark.system

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
WIDE, NARROW, PAPER = 1280, 390, 680
"""Widths in pixels: a screen, a phone, and A4 between its margins."""
PAPER_HEIGHT = 1016
SECONDS = 60

# Every stretch of text that sticks out of the page; what scrolls in a box of its own is cut by the box on a screen.
STICKS_OUT = """
(boxed) => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, svg, .skip")) continue;
    if (boxed && parent.closest(".scroll, .plot")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects())
      if (box.width && (box.right > innerWidth + 1 || box.left < -1)) { found.push(node.data.trim()); break; }
  }
  return found;
}
"""
BOXES = """
() => [...document.querySelectorAll("figure .plot svg")].map((svg) => {
  const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal, scale = box.width / view.width;
  const cut = [...svg.querySelectorAll("text")].filter((text) => {
    const at = text.getBoundingClientRect();
    const wide = at.left < box.left - 1 || at.right > box.right + 1;
    return at.width && (wide || at.top < box.top - 1 || at.bottom > box.bottom + 1);
  }).map((text) => text.textContent);
  return {
    name: svg.closest("figure").id, x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height,
    marks: svg.querySelectorAll("path, rect, line").length, cut, letters: 12 * scale,
  };
})
"""


class Browser:
    """A page in a browser that was started for it alone."""

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self._to_write = os.pipe()
        self._to_hear, to_say = os.pipe()
        # The browser listens on descriptor 3 and speaks on 4.
        command = f'exec "$@" 3<&{to_read} 4>&{to_say}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, "browser", program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_read, to_say),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_say)
        self._heard = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = next(each for each in self.ask("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setFocusEmulationEnabled", enabled=True)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask something, and wait for the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._hear()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])
            self.events.append(answer)

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            part = os.read(self._to_hear, 1 << 20)
            assert part, "the browser has gone"
            self._heard += part
        message, _, self._heard = self._heard.partition(b"\0")
        return dict(json.loads(message))

    def open(self, page: Path, width: int, media: str = "screen") -> None:
        """Open a page at some width, for a screen or for print."""
        self.events.clear()
        self.ask("Emulation.setEmulatedMedia", media=media)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._hear())

    def run(self, function: str, *arguments: Any) -> Any:
        """Run a function in the page."""
        given = ", ".join(map(json.dumps, arguments))
        answer = self.ask("Runtime.evaluate", expression=f"({function})({given})", returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def photograph(self, box: dict[str, float]) -> bytes:
        """Photograph a part of the page."""
        clip = {key: box[key] for key in ("x", "y", "width", "height")} | {"scale": 1}
        shot = self.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def close(self) -> None:
        """End the browser that was started."""
        os.close(self._to_write)
        os.close(self._to_hear)
        self._process.terminate()
        self._process.wait(SECONDS)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "install Debian's chromium"
    found = Browser(program, tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "memo.html"
    arguments = ["memo", "frontier-lab", "--draws", "100", "--batches", "2", "-o", str(file)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return file


@pytest.fixture
def opened(browser: Browser, page: Path) -> Callable[..., Browser]:
    """Give a function that opens the memo."""

    def opened(width: int, media: str = "screen") -> Browser:
        browser.open(page, width, media)
        return browser

    return opened


@pytest.mark.parametrize(("width", "media"), [(WIDE, "screen"), (NARROW, "screen"), (PAPER, "print")])
def test_no_text_sticks_out_of_the_page(width: int, media: str, opened: Callable[..., Browser]) -> None:
    browser = opened(width, media)

    assert browser.run("() => innerWidth") == width
    assert browser.run("() => document.documentElement.scrollWidth") <= width
    assert browser.run(STICKS_OUT, media == "screen") == []


@pytest.mark.parametrize(("width", "media"), [(WIDE, "screen"), (NARROW, "screen"), (PAPER, "print")])
def test_every_picture_is_drawn_and_none_of_its_words_is_cut(
    width: int, media: str, opened: Callable[..., Browser]
) -> None:
    browser = opened(width, media)
    boxes = browser.run(BOXES)
    whole = {box["name"]: browser.photograph(box) for box in boxes}
    browser.run("() => document.querySelectorAll('.plot svg > *').forEach((part) => part.remove())")

    assert len(boxes) >= 4
    for box in boxes:
        assert box["width"] > 300
        assert box["height"] > 80
        assert box["marks"] > 5
        assert box["cut"] == [], box["name"]
        assert box["letters"] >= 8, "letters of a picture can be read without a glass"
        assert len(whole[box["name"]]) > 1.5 * len(browser.photograph(box)), "something is drawn"


def test_nothing_is_fetched_and_nothing_goes_wrong(page: Path, opened: Callable[..., Browser]) -> None:
    browser = opened(WIDE)
    browser.run("() => new Promise((done) => setTimeout(done, 200))")
    asked = [
        event["params"]["request"]["url"]
        for event in browser.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    wrong = [event for event in browser.events if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")]

    assert asked == [page.as_uri()]
    assert wrong == []


def test_the_page_prints_on_one_page_and_the_annex_begins_on_the_next(opened: Callable[..., Browser]) -> None:
    browser = opened(PAPER, "print")

    assert browser.run("() => document.querySelector('.page').getBoundingClientRect().height") <= PAPER_HEIGHT
    assert browser.run("() => getComputedStyle(document.querySelector('#annex')).breakBefore") == "page"


def test_what_a_mark_stands_for_is_told_to_the_keyboard(opened: Callable[..., Browser]) -> None:
    browser = opened(WIDE)
    told = browser.run(
        """() => {
          const plot = document.querySelector(".plot");
          plot.focus();
          plot.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
          return [plot.nextElementSibling.textContent, document.activeElement.getAttribute("aria-label")];
        }"""
    )

    assert told[0]
    assert told[0] == told[1]


def test_without_the_script_every_mark_still_has_its_words(opened: Callable[..., Browser]) -> None:
    browser = opened(WIDE)
    marks = browser.run(
        """() => [...document.querySelectorAll(".plot svg [aria-label]")].filter((mark) => mark.tagName === "path")
          .map((mark) => [mark.getAttribute("aria-label"), mark.querySelector("title")?.textContent])"""
    )

    assert len(marks) > 20
    assert all(label == title for label, title in marks)


def test_a_wide_table_scrolls_in_its_box_and_can_be_reached_by_keyboard(opened: Callable[..., Browser]) -> None:
    browser = opened(NARROW)
    boxes = browser.run(
        """() => [...document.querySelectorAll(".scroll")].map((box) =>
          [box.scrollWidth > box.clientWidth, box.tabIndex, box.getAttribute("aria-label")])"""
    )

    assert any(scrolls for scrolls, _, _ in boxes)
    assert all(tab == 0 and label for _, tab, label in boxes)
