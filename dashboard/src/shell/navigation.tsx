import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../parts/icon.tsx";
import { usePlace } from "../router.ts";
import { ROUTES, type RouteSpec } from "../routes.ts";

/** All views at the side; on a phone four of them at the bottom, and the rest behind "More". */
export function Navigation({ current }: { readonly current: string }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { segments } = usePlace();
  const path = segments.join("/");
  // Closes when another view is open.
  useEffect(() => setOpen(false), [path]);
  const isRestCurrent = ROUTES.some(({ pattern, nav }) => nav && !nav.isFirst && pattern === current);
  return (
    <nav class={isOpen ? "side open" : "side"} aria-label="Views">
      <ul>
        {ROUTES.map((route) => (
          <Entry key={route.pattern} route={route} isCurrent={route.pattern === current} />
        ))}
        <li class="more-entry">
          <button
            type="button"
            aria-expanded={isOpen}
            data-current={isRestCurrent}
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name="more" size={20} />
            More
          </button>
        </li>
      </ul>
      <p class="side-foot">
        <a href="v1/openapi.json">API</a>
      </p>
    </nav>
  );
}

function Entry({
  route: { pattern, nav },
  isCurrent,
}: {
  readonly route: RouteSpec;
  readonly isCurrent: boolean;
}): JSX.Element | null {
  if (nav === undefined) return null;
  return (
    <li class={nav.isFirst ? "first-entry" : "rest-entry"}>
      <a href={`#/${pattern}`} aria-current={isCurrent ? "page" : undefined}>
        <Icon name={nav.icon} size={20} />
        {nav.label}
      </a>
    </li>
  );
}
