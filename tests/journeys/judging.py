"""What is judged of a page that is open, whoever opened it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Two frames, since the first may still show what was before; and the admin fades from one colour into the next.
PAINTED = """async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    const fading = document.getAnimations().filter(one => one instanceof CSSTransition);
    await Promise.allSettled(fading.map(one => one.finished));
}"""


def violations(page: Page) -> list[str]:
    """What axe-core finds in the page as it is now: each rule with the first elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    # Not preloaded: to read imported stylesheets, which Django's forms have, axe writes styles that the CSP refuses.
    found = page.evaluate("axe.run({resultTypes: ['violations'], preload: false}).then(found => found.violations)")
    return [f"{item['id']}: {[node['html'][:160] for node in item['nodes'][:3]]}" for item in found]
