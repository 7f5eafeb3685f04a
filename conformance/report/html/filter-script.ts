/** The script of a report's page: filters results, and opens the one that a link leads to. Without it all is shown. */
export const FILTER_SCRIPT = `
"use strict";
const form = document.getElementById("filter");
const shown = document.getElementById("shown");
const items = [...document.querySelectorAll("[data-vector]")];
const rows = items.filter((item) => item.localName === "tr");
function fits(item, wanted) {
  const { vector, status, level, requirement, features } = item.dataset;
  return (
    (vector + " " + features + " " + item.dataset.message).toLowerCase().includes(wanted.text) &&
    (wanted.status === "" || wanted.status.split(" ").includes(status)) &&
    (wanted.level === "" || wanted.level === level) &&
    (wanted.requirement === "" || wanted.requirement === requirement)
  );
}
function apply() {
  const data = new FormData(form);
  const wanted = {
    text: data.get("text").trim().toLowerCase(),
    status: data.get("status"),
    level: data.get("level"),
    requirement: data.get("requirement"),
  };
  for (const item of items) item.hidden = !fits(item, wanted);
  shown.textContent = rows.filter((row) => !row.hidden).length + " of " + rows.length + " results";
}
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target === null || target.localName !== "details") return;
  if (target.hidden) { form.reset(); apply(); }
  target.open = true;
  target.querySelector("summary").focus({ preventScroll: true });
  target.scrollIntoView();
}
form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", apply);
form.addEventListener("reset", () => setTimeout(apply));
addEventListener("hashchange", openTarget);
apply();
openTarget();
`;
