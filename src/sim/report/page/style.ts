/** Colours that are told apart also by who sees fewer of them (Okabe and Ito); the second simulation is dashed, too. */
export const STYLE = `
:root { --paper: #fff; --ink: #1b1f24; --quiet: #57606a; --grid: #d8dee4;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #e69f00; --c5: #56b4e9; --c6: #7a5195; --c7: #8c959f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0f1318; --ink: #e6edf3; --quiet: #9aa4af; --grid: #2c333b;
    --c0: #4aa3df; --c1: #ff8c42; --c2: #2ec99a; --c3: #e79ac6; --c4: #f2bd4b; --c5: #8fd0f5; --c6: #b08bd0; --c7: #6b7580; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1360px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
h1, h3, figcaption, li { overflow-wrap: anywhere; }
svg { width: 100%; max-width: 900px; height: auto; display: block; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption { font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.8rem; border-bottom: 1px solid var(--grid); text-align: right; }
td { white-space: nowrap; }
th, td.text { max-width: 30rem; white-space: normal; overflow-wrap: break-word; }
th:first-child, th.text, td.text { text-align: left; }
th[scope=row] { font-weight: normal; }
th.detail { padding-left: 2rem; color: var(--quiet); }
details { margin: 0.5rem 0; } summary { cursor: pointer; color: var(--quiet); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; margin: 0.5rem 0; padding: 0; }
.key { display: inline-block; width: 1.4em; height: 0; margin-right: 0.4em; vertical-align: middle; border-top: 0.5em solid; }
.grid { stroke: var(--grid); } .axis { stroke: var(--quiet); }
.tick { font-size: 11px; fill: var(--quiet); } .label { font-size: 12px; fill: var(--ink); }
.line { fill: none; stroke: currentColor; stroke-width: 1.6; } .area { fill: currentColor; }
.run0, .share0 { color: var(--c0); } .run1, .share1 { color: var(--c1); } .run2, .share2 { color: var(--c2); }
.run3, .share3 { color: var(--c3); } .run4, .share4 { color: var(--c4); } .run5, .share5 { color: var(--c5); }
.run6, .share6 { color: var(--c6); } .run7, .share7 { color: var(--c7); }
.line.run1 { stroke-dasharray: 6 3; } .line.run2 { stroke-dasharray: 2 3; }
.line.capacity { color: var(--ink); stroke-dasharray: 4 3; } .key.capacity { color: var(--ink); border-top: 0.15em dashed; }
@media print { details > * { display: block; } }
`;
