// Loaded before the stylesheet, so that a stored theme shows without a flash.
(function () {
  "use strict";
  try {
    const stored = localStorage.getItem("theme");
    if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
  } catch {
    // Storage may be forbidden: the system's theme it is.
  }
})();
