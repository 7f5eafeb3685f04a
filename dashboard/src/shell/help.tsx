import type { JSX } from "preact";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { ROUTES } from "../routes.ts";

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["/"], "Search tasks"],
  [["?"], "This help"],
  [["j"], "Next task of the list"],
  [["k"], "Task before"],
  [["Enter"], "Open the task"],
  [["Esc"], "Back to the list"],
  [["Ctrl", "Enter"], "Send the form"],
];

/** All shortcuts. */
export function Help({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const views = ROUTES.flatMap(({ nav }) => (nav ? [[["g", nav.key], nav.label] as const] : []));
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {[...KEYS, ...views].map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div class="actions end">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
