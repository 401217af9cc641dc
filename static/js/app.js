// What pages do beyond HTML: copy buttons, theme, relative times, dialogs. Everything works without it, only plainer.
"use strict";

const live = document.getElementById("live");

function announce(text) {
  if (!live) return;
  live.textContent = "";
  window.setTimeout(() => { live.textContent = text; }, 50);
}

// --- Copy: data-copy="text", or data-copy-from="#id" of what holds the text -----------------------------------------
async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copying is not allowed here");
}

async function onCopy(button) {
  const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  const text = source ? (source.value ?? source.textContent) : button.dataset.copy;
  try {
    await copyText(text ?? "");
    button.dataset.copied = "yes";
    announce("Copied");
  } catch {
    button.dataset.copied = "no";
    announce("Copying is not allowed here: select the text and copy it by hand");
  }
  window.setTimeout(() => { delete button.dataset.copied; }, 1600);
}

// --- Theme: system, light, dark ----------------------------------------------------------------------------------------
const THEMES = ["system", "light", "dark"];

function currentTheme() {
  return document.documentElement.dataset.theme || "system";
}

function showTheme() {
  for (const name of document.querySelectorAll("[data-theme-name]")) name.textContent = currentTheme();
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length];
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // It holds for this page then.
  }
  showTheme();
  announce(`Theme: ${theme}`);
}

// --- Relative times: the same words as cloudaccounts/templatetags/display.py ---------------------------------------------
const UNITS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [86400 * 120, "day", 86400], [Infinity, "month", 86400 * 30]];

function relative(seconds) {
  const past = seconds >= 0;
  const span = Math.abs(seconds);
  if (span < 5) return "just now";
  // What is to come is rounded: 90 days that began a second ago are 90 days, and not 89.
  const [, unit, size] = UNITS.find(([limit, , size]) => (past ? span : Math.round(span / size) * size) < limit);
  const count = past ? Math.floor(span / size) : Math.round(span / size);
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return past ? `${words} ago` : `in ${words}`;
}

function refreshTimes(root = document) {
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const at = Date.parse(element.dateTime);
    if (!Number.isNaN(at)) element.textContent = relative((Date.now() - at) / 1000);
  }
}

// --- Dialogs: a link with hx-target="#dialog-body" opens what its page says in a dialog ----------------------------------
const dialog = document.getElementById("dialog");

function onSwap(event) {
  if (event.target.id === "dialog-body" && dialog && !dialog.open) dialog.showModal();
  refreshTimes(event.target);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from], [data-theme-toggle], [data-dialog-close], [data-print]");
  if (!button) return;
  if ("themeToggle" in button.dataset) nextTheme();
  else if ("print" in button.dataset) window.print();
  else if ("dialogClose" in button.dataset) {
    if (dialog?.open) {
      event.preventDefault();
      dialog.close();
    }
  } else onCopy(button);
});

// A button that was pressed once does not send twice while the answer is on its way.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  else event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A list's box in its heading ticks all rows of the page.
document.addEventListener("change", (event) => {
  const name = event.target.dataset?.tickAll;
  if (!name) return;
  for (const box of event.target.form.querySelectorAll(`input[type=checkbox][name="${name}"]`)) box.checked = event.target.checked;
});

// Filters of a list apply as soon as a choice is made. In a sheet of them several are chosen first.
document.addEventListener("change", (event) => {
  if (event.target.closest("[popover]:popover-open")) return;
  if (event.target.matches("form[data-auto] select")) event.target.form.requestSubmit();
});

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
});
document.addEventListener("htmx:afterSwap", onSwap);

const connection = document.getElementById("connection");
function lost() { if (connection) connection.hidden = false; }
document.addEventListener("htmx:sendError", lost);
document.addEventListener("htmx:timeout", lost);
document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status >= 500) lost(); });
document.addEventListener("htmx:afterOnLoad", (event) => {
  if (connection && event.detail.xhr.status < 400) connection.hidden = true;
});

// --- Shell: "/" (or Ctrl-K, ⌘K) goes to the search; a menu closes when the focus or the pointer goes elsewhere ----------------
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const asked = (event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey));
  if (search && asked && !event.altKey && !dialog?.open) {
    event.preventDefault();
    search.select();
    search.focus();
  } else if (event.key === "Escape") {
    const menu = event.target.closest("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});
function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
}
document.addEventListener("pointerdown", closeMenus);
document.addEventListener("focusin", closeMenus);

showTheme();
refreshTimes();
window.setInterval(refreshTimes, 15000);
document.querySelector("[data-focus]")?.focus();
