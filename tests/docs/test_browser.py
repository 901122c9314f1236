"""The pages in a real browser: nothing is cut off, formulas are formulas, no network.

Skipped where there is none; ``apt-get install chromium`` installs one. A browser that
``SPIKEFA_BROWSER`` names must be there.
"""

import os
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import sync_playwright
from sphinx.cmd.build import build_main

pytestmark = pytest.mark.long

WIDTHS = (1300, 400)

#: What reaches beyond the text and cannot be scrolled to: the page itself never grows.
CUT_OFF = """() => {
  const article = document.querySelector("article");
  if (!article) return [];  // an index
  const scrolls = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  const reached = e => e !== article && (scrolls(e) || reached(e.parentElement));
  const right = article.getBoundingClientRect().right + 1;
  return [...article.querySelectorAll("*")]
    .filter(e => !e.closest("mjx-container, svg, .headerlink") && !reached(e))
    .filter(e => e.getBoundingClientRect().right > right || (
      e.scrollWidth > e.clientWidth + 1 && e.matches("h1, h2, h3, p, dt")))
    .map(e => e.tagName + ": " + e.textContent.trim().slice(0, 40));
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site(docs, tmp_path_factory):
    """The pages, built without a warning, at an address of this machine."""
    folder = tmp_path_factory.mktemp("site")
    html, trees = folder / "html", folder / "trees"
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(trees)]
    assert build_main([*options, str(docs), str(html)]) == 0
    handler = partial(_Quiet, directory=html)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        pages = [str(p.relative_to(html)) for p in html.glob("*.html")]
        for folder in ("gallery", "api"):
            found = sorted(html.glob(f"{folder}/**/*.html"))
            pages += [str(page.relative_to(html)) for page in found]
        yield f"http://127.0.0.1:{server.server_port}", pages
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """Chromium, or the program that ``SPIKEFA_BROWSER`` names."""
    named = os.environ.get("SPIKEFA_BROWSER")
    program = shutil.which(named or "chromium")
    assert program or not named, f"SPIKEFA_BROWSER: there is no program {named}"
    if not program:
        pytest.skip("the pages in a browser: none found (apt-get install chromium)")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_pages(site, browser, width):
    address, pages = site
    assert {"index.html", "model.html", "results.html"} <= set(pages)
    page = browser.new_page(viewport={"width": width, "height": 900})
    elsewhere, formulas, problems = [], 0, []

    def note(request):
        if not request.url.startswith((address, "data:", "blob:")):
            elsewhere.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: problems.append(str(error)))
    for name in pages:
        page.goto(f"{address}/{name}", wait_until="load")
        page.evaluate("window.MathJax && MathJax.startup.promise")
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - window.innerWidth"
        )
        if too_wide > 0:
            problems.append(f"{name} is {too_wide} pixels too wide for {width}")
        for cut in page.evaluate(CUT_OFF)[:3]:
            problems.append(f"{name}: cut off at {width}: {cut}")
        marked = page.locator(".math").count()
        rendered = page.locator(".math mjx-container").count()
        if rendered < marked:
            problems.append(f"{name}: {rendered} of {marked} formulas are shown")
        if failed := page.locator("mjx-merror").count():
            problems.append(f"{name}: {failed} formulas cannot be read")
        formulas += rendered
    page.close()
    assert not problems
    assert not elsewhere
    assert formulas > 50
