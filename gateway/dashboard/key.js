/** The key that a gateway may ask for: kept while this tab is open, and sent with every request. */
import { byId } from "./dom.js";

const STORED = "celerity-key";

let asking;

/** The key, or null while none was needed. */
export function currentKey() {
  return sessionStorage.getItem(STORED);
}

/** Asks whoever sits here for a key; one question for all requests that need it. Resolves when there is another one. */
export function askForKey() {
  asking ??= ask().finally(() => {
    asking = undefined;
  });
  return asking;
}

function ask() {
  const dialog = byId("key-dialog");
  byId("key-error").textContent =
    currentKey() === null ? "" : "This key is not valid, or not any more. Try another one.";
  // Without a key there is nothing to see.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  return new Promise((resolve) => {
    byId("key-form").addEventListener("submit", function submit(event) {
      event.preventDefault();
      const key = byId("key").value.trim();
      if (key === "") return;
      byId("key-form").removeEventListener("submit", submit);
      sessionStorage.setItem(STORED, key);
      byId("key").value = "";
      dialog.close();
      resolve();
    });
  });
}
