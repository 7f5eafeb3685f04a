import type { JSX } from "preact";
import { ButtonLink } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { useTitle } from "../../parts/page.tsx";

/** For addresses that name no view. */
export function NotFoundView(): JSX.Element {
  useTitle("Not found");
  return (
    <Empty icon="search" title="There is no such page">
      <p class="quiet-text">The address may be of another version, or has a slip of the pen.</p>
      <ButtonLink href="#/" kind="main">
        Go to the overview
      </ButtonLink>
    </Empty>
  );
}
