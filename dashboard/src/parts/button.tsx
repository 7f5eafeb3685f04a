import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./icon.tsx";

/** How a button looks: one `main` at most in a view, `danger` for what cannot be undone. */
export type ButtonKind = "main" | "plain" | "danger" | "quiet";

export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: ButtonKind;
  readonly icon?: IconName;
  readonly type?: "button" | "submit";
  /** Being done: it cannot be pressed again. */
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick?: () => void;
  readonly id?: string;
}

export function Button({
  children,
  kind = "plain",
  icon,
  type = "button",
  isBusy = false,
  isDisabled = false,
  onClick,
  id,
}: ButtonProps): JSX.Element {
  return (
    <button
      type={type}
      id={id}
      class={`button ${kind}`}
      disabled={isDisabled || isBusy}
      aria-busy={isBusy}
      onClick={onClick}
    >
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  href,
  children,
  kind = "plain",
  icon,
}: {
  readonly href: string;
  readonly children: ComponentChildren;
  readonly kind?: ButtonKind;
  readonly icon?: IconName;
}): JSX.Element {
  return (
    <a class={`button ${kind}`} href={href}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </a>
  );
}
