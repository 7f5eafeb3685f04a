import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { currentKey, keyState, setKey } from "../../lib/key.ts";
import { useStore } from "../../lib/store.ts";
import { Button } from "../../parts/button.tsx";
import { TextField } from "../../parts/field.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useTitle } from "../../parts/page.tsx";

const REFUSED = "This key is not valid, or not any more. Try another one.";

/** Signs in with a key, and out again. Shown instead of any view that the gateway refuses without one. */
export function KeyView(): JSX.Element {
  const { need } = useStore(keyState);
  const [text, setText] = useState("");
  const [error, setError] = useState(need === "refused" ? REFUSED : "");
  useTitle("Sign in");
  const isSignedIn = need === undefined && currentKey() !== null;
  return (
    <div class="sign-in">
      <form
        class="panel stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === "") return setError("Write or paste a key.");
          setKey(text.trim());
          setText("");
          announce("The key is kept in this tab");
        }}
      >
        <span class="empty-icon">
          <Icon name="key" size={28} />
        </span>
        <h1>{titleOf(need, isSignedIn)}</h1>
        <p class="quiet-text">
          The key stays in this tab until the tab is closed, and goes to this gateway only. New ones are made
          with <code>celerity api-keys create</code> or <code>POST /v1/api-keys</code>.
        </p>
        <TextField
          label="API key or token"
          name="key"
          value={text}
          onInput={(value) => {
            setText(value);
            setError("");
          }}
          error={error}
          isSecret
          hasFocus
        />
        <div class="actions">
          <Button type="submit" kind="main">
            Sign in
          </Button>
          {isSignedIn && <Button onClick={() => setKey(null)}>Forget the key</Button>}
        </div>
      </form>
    </div>
  );
}

function titleOf(need: string | undefined, isSignedIn: boolean): string {
  if (need !== undefined) return "This gateway asks for a key";
  return isSignedIn ? "You are signed in with a key" : "Sign in with a key";
}
