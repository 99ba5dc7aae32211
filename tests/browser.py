"""A real Chromium for pages: small screens, dark themes, and the contrast of what is written."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
HAVE_CHROMIUM = bool(CHROMIUM and DRIVER and importlib.util.find_spec("selenium"))
WITHOUT = "needs chromium, chromedriver and selenium (the extra 'browser')"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Every text on the page with its ink and the ground under it, as red, green and blue. A ground
# with alpha is laid over what is below it; hatched grounds count by their plain colour.
_INK_AND_GROUND = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgba = (text) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = ([r, g, b, a], below) => [r, g, b].map((v, i) => v * a + below[i] * (1 - a));
const ground = (e) => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  if (!e) return dark ? [18, 18, 18] : [255, 255, 255];
  const own = rgba(getComputedStyle(e).backgroundColor);
  return own[3] === 1 ? own.slice(0, 3) : over(own, ground(e.parentElement));
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  const text = walker.currentNode.textContent.trim();
  if (!text || ["SCRIPT", "STYLE", "TITLE"].includes(e.tagName.toUpperCase())) continue;
  const box = e.getBoundingClientRect();
  if (!box.width || !box.height || e.closest(":disabled")) continue;
  const style = getComputedStyle(e);
  const below = ground(e);
  const ink = e.closest("svg") ? style.fill : style.color;
  found.push([text.slice(0, 40), over(rgba(ink), below), below]);
}
return found;
"""


@contextmanager
def browser(tmp_path: Path, *, width: int = 1200, dark: bool = False) -> Iterator[Any]:
    """A driver with a fresh profile; ``width`` below 600 is a phone."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        yield driver
    finally:
        driver.quit()


def wait_for(driver: Any, condition: str, seconds: float = 60) -> None:
    """Until a JavaScript expression is true."""
    end = time.monotonic() + seconds
    while not driver.execute_script(f"return {condition}"):
        assert time.monotonic() < end, f"never: {condition}"
        time.sleep(0.02)


def poor_contrasts(driver: Any, least: float = 4.5) -> list[tuple[str, float]]:
    """The texts whose contrast with their ground (WCAG 2) is below ``least``."""
    found = driver.execute_script(_INK_AND_GROUND)
    assert found, "no text on the page"
    rated = [(text, contrast(ink, ground)) for text, ink, ground in found]
    return [(text, ratio) for text, ratio in rated if ratio < least]


def contrast(ink: Sequence[float], ground: Sequence[float]) -> float:
    """The contrast of two colours, red, green and blue up to 255 (WCAG 2)."""
    bright, dim = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(rgb: Sequence[float]) -> float:
    parts = [v / 255 for v in rgb]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
