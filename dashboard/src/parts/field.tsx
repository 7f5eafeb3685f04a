import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface FieldBase {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** Beside the label, such as `JSON list`. */
  readonly kind?: string;
  readonly hint?: string;
  /** What is wrong with the value. */
  readonly error?: string | undefined;
}

/** Label, control, hint and error, connected for screen readers. */
function Frame({
  id,
  label,
  kind,
  hint,
  error,
  children,
}: Pick<FieldBase, "label" | "kind" | "hint" | "error"> & {
  readonly id: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="field">
      <label for={id}>
        {label} {kind && <span class="quiet-text">{kind}</span>}
      </label>
      {children}
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <p class="error" id={`${id}-error`} role="alert">
        {error}
      </p>
    </div>
  );
}

interface Described {
  readonly "aria-describedby": string;
  readonly "aria-invalid"?: "true";
}

function described(id: string, error: string | undefined): Described {
  const texts = { "aria-describedby": `${id}-hint ${id}-error` };
  return error ? { ...texts, "aria-invalid": "true" } : texts;
}

export interface TextFieldProps extends FieldBase {
  readonly placeholder?: string;
  /** Values to choose from. */
  readonly suggestions?: readonly string[];
  readonly isCode?: boolean;
  readonly isSecret?: boolean;
  readonly inputMode?: "decimal" | "numeric" | "text";
  readonly type?: "text" | "search" | "datetime-local";
  readonly isRequired?: boolean;
  readonly hasFocus?: boolean;
}

/** One line. */
export function TextField(props: TextFieldProps): JSX.Element {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // The attribute alone works once in the life of a page.
  useEffect(() => {
    if (props.hasFocus) input.current?.focus();
  }, []);
  const { label, name, value, onInput, kind, hint, error, suggestions } = props;
  return (
    <Frame id={id} label={label} {...(kind && { kind })} {...(hint && { hint })} error={error}>
      <input
        ref={input}
        id={id}
        name={name}
        class={props.isCode ? "mono" : undefined}
        // The types have an element of their own for each of these.
        type={(props.isSecret ? "password" : (props.type ?? "text")) as "text"}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        placeholder={props.placeholder}
        inputMode={props.inputMode}
        list={suggestions && `${id}-list`}
        required={props.isRequired}
        // Only where the field is all there is, as in a dialog.
        autofocus={props.hasFocus}
        autocomplete="off"
        spellcheck={false}
        {...described(id, error)}
      />
      {suggestions && (
        <datalist id={`${id}-list`}>
          {suggestions.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
    </Frame>
  );
}

export interface TextAreaProps extends FieldBase {
  readonly rows?: number;
  readonly placeholder?: string;
}

/** Several lines of code. */
export function TextArea(props: TextAreaProps): JSX.Element {
  const id = useId();
  const { label, name, value, onInput, kind, hint, error, rows = 2, placeholder } = props;
  return (
    <Frame id={id} label={label} {...(kind && { kind })} {...(hint && { hint })} error={error}>
      <textarea
        id={id}
        name={name}
        class="mono"
        rows={rows}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        placeholder={placeholder}
        spellcheck={false}
        {...described(id, error)}
      />
    </Frame>
  );
}

export interface SelectFieldProps extends FieldBase {
  /** Values and what they are called. */
  readonly options: readonly (readonly [value: string, label: string])[];
  /** The label is read out only. */
  readonly isLabelHidden?: boolean;
}

/** One of several. */
export function SelectField(props: SelectFieldProps): JSX.Element {
  const id = useId();
  const { label, name, value, onInput, options, hint, error } = props;
  const select = (
    <select
      id={id}
      name={name}
      value={value}
      onChange={(event) => onInput(event.currentTarget.value)}
      {...(props.isLabelHidden ? { "aria-label": label } : described(id, error))}
    >
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
  if (props.isLabelHidden) return select;
  return (
    <Frame id={id} label={label} {...(hint && { hint })} error={error}>
      {select}
    </Frame>
  );
}
