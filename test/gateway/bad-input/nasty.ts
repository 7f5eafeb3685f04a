/** Texts that have hurt other programs: numbers in disguise, markup, injections, broken Unicode, control characters. */
export const NASTY: readonly string[] = [
  // Words and numbers that languages read as something else.
  ...[
    "undefined",
    "null",
    "NaN",
    "Infinity",
    "true",
    "0",
    "-1",
    "1e309",
    "0x10",
    "1/0",
    "9007199254740993",
    "٣",
    "１",
  ],
  // Members of prototypes.
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then"],
  // Paths.
  ...[
    ".",
    "..",
    "../../etc/passwd",
    "/../../etc/cron.d/x",
    "..\\..\\win.ini",
    "C:\\CON",
    "/",
    "//evil.example/",
    "a/b",
  ],
  // Lines, controls and what terminals obey.
  ...[
    "a\r\nb: c",
    "a\nb",
    "a\u0000b",
    "\u001b[2J\u001b]0;x\u0007",
    "\u007f",
    "a\tb",
    "\u0085",
    "\u2028",
    "\u2029",
  ],
  // Unicode: wide, joined, right to left, invisible, composed, not a character, beyond the BMP.
  ...[
    "é",
    "é",
    "Ω≈ç√",
    "田中さん",
    "😀👩‍👩‍👧",
    "\u202etxt.exe",
    "\u200b",
    "\ufeff",
    "\uffff",
    "𠜎",
    "İ",
    "ﬀ",
    `Z${"\u0335".repeat(80)}`,
  ],
  // Markup and scripts.
  ...[
    "<script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "<!--",
    "]]>",
    "{{7*7}}",
    "$" + "{7*7}",
    "%s%n%x",
  ],
  // Queries and commands.
  ...[
    "' OR 1=1 --",
    "1;DROP TABLE users",
    '"; --',
    "\\",
    "`id`",
    "$(touch /tmp/x)",
    "| ls",
    "*",
    "a*b?[c]",
    "$where",
    "(|(uid=*))",
  ],
  // Escapes that may be undone once too often.
  ...["%00", "%2e%2e%2f", "%252e", "%zz", "%", "+", "&a=b", "#x", "?x", "&lt;", "\\u0000"],
  // Spaces and lengths.
  ...[" ", " a", "a ", "\u00a0", "x".repeat(256), "é".repeat(200), "x".repeat(4000)],
];
