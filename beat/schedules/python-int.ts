/** Python's `int(text)`, which crontab fields are read with. */

const INTEGER = /^([+-]?)(\p{Nd}+(?:_\p{Nd}+)*)$/u;
const DIGIT = /\p{Nd}/u;

/** The number, or undefined when it is none: decimal digits of any script, `_` between them, a sign, blanks around. */
export function parsePythonInt(text: string): number | undefined {
  const match = INTEGER.exec(text.trim());
  if (match === null) return undefined;
  const [, sign, digits = ""] = match;
  const decimal = [...digits.replaceAll("_", "")].map(digitValue).join("");
  const number = Number(decimal);
  // Python has no -0.
  return sign === "-" && number > 0 ? -number : number;
}

/** The value of a digit: Unicode has them in runs from 0 to 9, some of them one after another. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0;
  let start = code;
  while (DIGIT.test(String.fromCodePoint(start - 1))) start--;
  return (code - start) % 10;
}
