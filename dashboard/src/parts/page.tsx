import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";

/** A view's head: its title, which is the window's too, and what can be done. */
export function PageHead({
  title,
  above,
  children,
}: {
  readonly title: string;
  /** Before the title, such as a way back. */
  readonly above?: ComponentChildren;
  /** At the end of the line: buttons, filters. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  useTitle(title);
  return (
    <div class="page-head">
      <div class="page-title">
        {above}
        <h1>{title}</h1>
      </div>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}

/** The window's title while the view is open. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Celerity`;
  }, [title]);
}

/** A card with an optional title. */
export function Panel({
  title,
  actions,
  children,
  isFlush = false,
}: {
  readonly title?: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  /** Without room around the content, for tables. */
  readonly isFlush?: boolean;
}): JSX.Element {
  return (
    <section class={isFlush ? "panel flush" : "panel"} aria-label={title}>
      {(title || actions) && (
        <div class="panel-head">
          <h2>{title}</h2>
          {actions && <div class="actions">{actions}</div>}
        </div>
      )}
      <div class="panel-body">{children}</div>
    </section>
  );
}

/** Names and values; values that are undefined are left out. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}): JSX.Element {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
