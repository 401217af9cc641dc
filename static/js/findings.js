// The list of findings: facets apply at once, rows open in the side panel, and what is ticked is counted.
// Everything works without it: by the Apply button, by links to pages, and by the form.
"use strict";

const facetForm = document.querySelector("[data-facets]");
const bulkForm = document.querySelector("[data-bulk]");
let openedBy = null;

facetForm?.addEventListener("change", (event) => {
  if (event.target.matches("input[type=checkbox]")) facetForm.requestSubmit();
});

// Which filters are folded is no part of an address: empty fields are left out.
facetForm?.addEventListener("submit", () => {
  for (const field of facetForm.elements) if (field.name === "q" && !field.value) field.disabled = true;
});

function showSelected() {
  const place = bulkForm?.querySelector("[data-selected]");
  if (!place) return;
  const rules = bulkForm.querySelectorAll(".rule > .hit input:checked").length;
  const rows = bulkForm.querySelectorAll("input[name=finding]:checked").length;
  const parts = [];
  if (rules) parts.push(`${rules} group${rules === 1 ? "" : "s"}`);
  if (rows) parts.push(`${rows} finding${rows === 1 ? "" : "s"}`);
  place.textContent = parts.length ? `${parts.join(", ")} selected` : "Selected";
}

bulkForm?.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of bulkForm.querySelectorAll(".rule > .hit input, .flat tbody .hit input")) box.checked = event.target.checked;
  }
  showSelected();
});
// Who goes back to the list finds the boxes ticked as they were.
window.addEventListener("pageshow", showSelected);

// --- Side panel ----------------------------------------------------------------------------------------------------------
function currentRow(link) {
  for (const row of document.querySelectorAll(".panes tr[aria-current]")) row.removeAttribute("aria-current");
  link?.closest("tr")?.setAttribute("aria-current", "true");
}

document.addEventListener("htmx:afterSwap", (event) => {
  const link = event.detail.requestConfig?.elt?.closest?.("[data-finding]");
  if (!link) return;
  openedBy = link;
  currentRow(link);
  const address = new URL(window.location);
  address.searchParams.set("finding", link.dataset.finding);
  window.history.replaceState(null, "", address);
  document.getElementById("finding-title")?.focus();
});

function closePanel() {
  const panel = document.querySelector("[data-drawer]");
  if (!panel || panel.hidden) return false;
  panel.hidden = true;
  panel.classList.remove("shown");
  currentRow(null);
  const address = new URL(window.location);
  address.searchParams.delete("finding");
  window.history.replaceState(null, "", address);
  (openedBy?.isConnected ? openedBy : document.getElementById("main"))?.focus();
  return true;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-drawer-close]") && closePanel()) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.target.closest("details.menu[open], dialog[open]")) closePanel();
});
