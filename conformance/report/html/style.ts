/** The style of all pages: light and dark, readable on a phone and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f5f6f8; --line: #d3d7de; --text: #1b1f27; --quiet: #565e6c; --link: #0b57c4;
  --good: #14692f; --bad: #b3121d; --warn: #855000; --note: #0b57c4; --mark: #ffd9d6; --mark-text: #6b0008;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --raised: #1d2129; --line: #3a414d; --text: #e7eaf0; --quiet: #a3acba; --link: #86b4ff;
    --good: #72d68c; --bad: #ff8f88; --warn: #f0bd5a; --note: #86b4ff; --mark: #6d1f22; --mark-text: #ffe3e1;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 80rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
h4 { font-size: .85rem; margin: 0; color: var(--quiet); font-weight: 400; }
p { margin: .5rem 0; max-width: 75ch; overflow-wrap: anywhere; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, input:focus-visible, select:focus-visible, button:focus-visible,
[tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
li { overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .4rem .6rem; color: var(--quiet); }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; background: var(--raised); white-space: nowrap; }
tbody th { font-weight: 600; }
td.why { min-width: 16rem; overflow-wrap: anywhere; }
.figure { white-space: nowrap; font-variant-numeric: tabular-nums; }
code, pre, .id { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .85rem; }
pre { margin: .35rem 0; padding: .6rem; background: var(--raised); border: 1px solid var(--line);
  border-radius: .4rem; overflow-x: auto; white-space: pre; }
pre.dump { font-size: .75rem; }
pre.wrapped { white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: var(--mark); color: var(--mark-text); font-weight: 700; text-decoration: underline; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .note { color: var(--note); }
.status { font-weight: 600; white-space: nowrap; }
.totals { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: 1rem 0; list-style: none; }
.totals li { border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .75rem; background: var(--raised); }
.totals strong { font-size: 1.2rem; }
.filter { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 0 0 .75rem; }
.filter label { display: grid; gap: .2rem; font-size: .9rem; }
.filter input, .filter select, .filter button { font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .6rem; max-width: 100%; }
.filter button { cursor: pointer; background: var(--raised); }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: 0 .75rem; }
details[open] { padding-bottom: .75rem; }
summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 36rem), 1fr)); gap: 0 1rem; }
.sides > * { min-width: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .5rem 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
[hidden] { display: none !important; }
@media (max-width: 40rem) {
  main { padding: .75rem; }
  th, td { padding: .3rem .45rem; }
  .filter label { flex: 1 1 100%; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
}
@media print { .filter { display: none; } pre { white-space: pre-wrap; } }
`;
