/** Whether a key is meant for a field, a dialog or the browser, not for a shortcut. */
export function isForPage(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  const { target } = event;
  if (!(target instanceof Element)) return true;
  return target.closest("input, textarea, select, dialog, [contenteditable]") === null;
}
