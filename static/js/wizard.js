// The wizard's comforts: searching regions, tabs of instructions, spoken progress. All of it works without, only plainer.
"use strict";

// --- Regions: the search hides what does not match; the chips show what is chosen ------------------------------------
function plain(text) {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, ""); // "sao" finds São Paulo
}

function filterRegions(box) {
  const words = plain(box.querySelector("[data-region-search]").value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const group of box.querySelectorAll("[data-geography]")) {
    let any = false;
    for (const label of group.querySelectorAll("[data-words]")) {
      const matches = words.every((word) => plain(label.dataset.words).includes(word));
      label.hidden = !matches;
      if (matches) { any = true; shown += 1; }
    }
    group.hidden = !any;
  }
  box.querySelector("[data-no-region]").hidden = shown > 0;
  box.querySelector("[data-region-count]").textContent = words.length ? `${shown} region${shown === 1 ? "" : "s"}` : "";
}

function showChips(box) {
  const list = box.querySelector("[data-chips]");
  const chips = [];
  for (const input of box.querySelectorAll("[data-words] input:checked")) {
    const chip = document.createElement("li");
    const remove = document.createElement("button");
    chip.dataset.chip = input.value;
    chip.textContent = input.value;
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${input.value}`);
    remove.addEventListener("click", () => {
      input.checked = false;
      showChips(box);
      (list.querySelector("button") ?? box.querySelector("[data-region-search]")).focus();
    });
    chip.append(remove);
    chips.push(chip);
  }
  list.replaceChildren(...chips);
}

function prepareRegions(root) {
  for (const box of root.querySelectorAll("[data-regions]")) {
    const search = box.querySelector("[data-region-search]");
    search.addEventListener("input", () => filterRegions(box));
    // Enter in the search is not meant for the form.
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    box.addEventListener("change", () => showChips(box));
    showChips(box);
  }
}

// --- Tabs: links to sections become tabs, with the arrow keys of the ARIA pattern ------------------------------------
function prepareTabs(root) {
  for (const guides of root.querySelectorAll("[data-guides]:not(.tabbed)")) {
    const list = guides.querySelector("[data-tablist]");
    const tabs = [...list.querySelectorAll("a")];
    const panels = tabs.map((tab) => guides.querySelector(tab.hash));
    const choose = (chosen, focus) => {
      tabs.forEach((tab, place) => {
        tab.setAttribute("aria-selected", String(tab === chosen));
        tab.tabIndex = tab === chosen ? 0 : -1;
        panels[place].hidden = tab !== chosen;
      });
      if (focus) chosen.focus();
    };
    guides.classList.add("tabbed");
    list.setAttribute("role", "tablist");
    tabs.forEach((tab, place) => {
      tab.setAttribute("role", "tab");
      tab.removeAttribute("aria-current");
      tab.setAttribute("aria-controls", panels[place].id);
      panels[place].setAttribute("role", "tabpanel");
      panels[place].setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", (event) => { event.preventDefault(); choose(tab, true); });
    });
    list.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
      if (event.key === " ") { event.preventDefault(); event.target.click(); return; }
      if (!(event.key in steps)) return;
      event.preventDefault();
      const last = tabs.length - 1;
      const next = tabs.indexOf(event.target) + steps[event.key];
      const place = Number.isFinite(next) ? (next + tabs.length) % tabs.length : next < 0 ? 0 : last;
      choose(tabs[place], true);
    });
    choose(tabs[0], false);
  }
}

// --- Progress: said when it changes, by the page's one live region ---------------------------------------------------
let said = document.querySelector("[data-announce]")?.dataset.announce ?? "";

function sayProgress() {
  const text = document.querySelector("[data-announce]")?.dataset.announce ?? "";
  if (text && text !== said) document.getElementById("live").textContent = text;
  said = text;
}

document.addEventListener("htmx:afterSwap", (event) => {
  const root = event.target.isConnected ? event.target : document;
  prepareRegions(root);
  prepareTabs(root);
  sayProgress();
});
prepareRegions(document);
prepareTabs(document);

// --- Focus: on the step's first field, unless an error or an address within the page wants it ------------------------
function focusFirstField() {
  const form = document.querySelector("form[data-first-field]");
  // On a telephone the keyboard would cover half of the step.
  if (!form || form.querySelector("[data-focus]") || location.hash || !matchMedia("(pointer: fine)").matches) return;
  const fields = form.querySelectorAll("input:not([type=hidden]), select, textarea");
  const first = [...fields].find((field) => field.offsetParent && (field.type !== "radio" || field.checked));
  (first ?? [...fields].find((field) => field.offsetParent))?.focus({ preventScroll: true });
}
focusFirstField();
