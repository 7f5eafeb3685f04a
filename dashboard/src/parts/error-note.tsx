import type { JSX } from "preact";
import type { ApiError } from "../lib/api.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** What went wrong, and what to do about it. */
export function ErrorNote({
  error,
  onRetry,
}: {
  readonly error: ApiError;
  readonly onRetry?: () => void;
}): JSX.Element {
  const { title, detail, fix, type, errors } = error;
  return (
    <div class="note bad" role="alert">
      <Icon name="warning" />
      <div class="stack tight">
        <strong>{title}</strong>
        {detail !== "" && detail !== title && <p>{detail}</p>}
        {errors.length > 0 && (
          <ul class="stack tight">
            {errors.map(({ pointer, detail: what }) => (
              <li key={pointer}>
                <code>{pointer}</code> {what}
              </li>
            ))}
          </ul>
        )}
        {fix !== "" && <p class="quiet-text">{fix}</p>}
        <div class="actions">
          {onRetry && (
            <Button icon="retry" onClick={onRetry}>
              Try again
            </Button>
          )}
          {type !== "" && type !== "blank" && <a href={`problems/${type}`}>What this means</a>}
        </div>
      </div>
    </div>
  );
}
