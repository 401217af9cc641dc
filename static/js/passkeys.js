/* Passkeys: asks the browser to make or to use one, puts its answer into the form, and sends that. */
"use strict";

(() => {
  const MEANINGS = {
    NotAllowedError: "Nothing was confirmed in time, or it was cancelled. Try again.",
    InvalidStateError: "This device has a passkey for you already.",
    SecurityError: "Passkeys do not work at this address: open this site by its host name.",
  };

  const optionsOf = async (form) => {
    if (form.dataset.passkey !== "login") {
      return JSON.parse(document.getElementById("passkey-options").textContent);
    }
    // Only now: a challenge that was made with the page would be old when somebody comes back to it.
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("The server did not answer. Try again.");
    return answer.json();
  };

  const start = async (form) => {
    const options = await optionsOf(form);
    const credential = options.creation_options
      ? await window.webauthnJSON.create(options.creation_options)
      : await window.webauthnJSON.get(options.request_options);
    form.elements.credential.value = JSON.stringify(credential);
    form.requestSubmit();
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("[data-passkey-start]");
    const error = form.querySelector("[data-passkey-error]");
    if (!window.webauthnJSON || !window.webauthnJSON.supported()) {
      form.hidden = form.hasAttribute("data-passkey-optional");
      button.disabled = true;
      error.textContent = "This browser has no passkeys, or not at this address.";
      error.hidden = false;
      continue;
    }
    button.addEventListener("click", async () => {
      error.hidden = true;
      button.disabled = true;
      try {
        await start(form);
      } catch (problem) {
        error.textContent = MEANINGS[problem.name] || problem.message || "That did not work.";
        error.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
