/** Small helpers around the DOM. Text goes in as text, never as markup. */

/** The element of an id that the page has. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Makes an element. Properties that the element has are set, the others become attributes; children are elements and text,
 * null and undefined are left out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

/** Tells those who do not see the page what has changed. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** A badge in the colour of a state. */
export function badge(state) {
  return h(
    "span",
    { className: `badge ${toneOf(state)}` },
    h("span", { className: "dot", ariaHidden: "true" }),
    state,
  );
}

const TONES = {
  SCHEDULED: "waiting",
  LOST: "bad",
  PENDING: "waiting",
  RECEIVED: "waiting",
  STARTED: "running",
  RETRY: "retrying",
  SUCCESS: "good",
  FAILURE: "bad",
  REVOKED: "gone",
  REJECTED: "gone",
};

/** The colour of a state; states of a task's own count as running. */
export function toneOf(state) {
  return Object.hasOwn(TONES, state) ? TONES[state] : "running";
}

/** Makes a block of code that can be copied. */
export function codeBlock(text) {
  const code = h("code", {}, text);
  return h(
    "div",
    { className: "code" },
    h("pre", { tabIndex: 0 }, code),
    copyButton(() => code.textContent),
  );
}

/** A button that copies what `read` returns. */
export function copyButton(read, label = "Copy") {
  const button = h("button", { type: "button", className: "copy" }, label);
  button.addEventListener("click", () => void copy(button, read(), label));
  return button;
}

/** Copies, and says so on the button. */
export async function copy(button, text, label = "Copy") {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announce("Copied");
  } catch {
    button.textContent = "Select and copy";
  }
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}
