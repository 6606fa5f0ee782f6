"""The CSS of the report; light and dark, as the reader's system says. No colour stands alone: every
bar and line is named, too. The hues are those of Okabe and Ito, told apart by the colour-blind."""

STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --soft: #5b6570; --line: #d9dee3;
  --page: #ffffff; --card: #f6f8fa; --bad: #b42318; --warn: #8a5a00; --good: #14713d;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b0629a; --c4: #a07800; --c5: #57606a; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ec; --soft: #9aa4ae; --line: #343b43;
  --page: #14171a; --card: #1c2126; --bad: #ff8a7a; --warn: #f0b849; --good: #5bd08d;
  --c0: #56b4e9; --c1: #f08a3c; --c2: #2cc79b; --c3: #d99ac8; --c4: #e0c341; --c5: #9aa4ae; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 24px 20px 80px; background: var(--page);
  color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 21px; margin: 44px 0 8px; }
h3 { font-size: 17px; margin: 0; } p { margin: 6px 0; max-width: 76ch; }
a { color: var(--c0); } nav a { margin-right: 14px; white-space: nowrap; }
.soft { color: var(--soft); } .small { font-size: 13px; }
section.case { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 16px 18px; margin: 18px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px;
  margin: 10px 0; min-width: 60%; }
th, td { padding: 4px 8px; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; vertical-align: top; }
th { font-weight: 600; color: var(--soft); } th small { font-weight: 400; display: block; }
th:first-child, td:first-child { text-align: left; } td.why { text-align: left;
  white-space: normal; max-width: 62ch; }
td small { color: var(--soft); display: block; font-size: 11.5px; }
.bad { color: var(--bad); font-weight: 600; } .warn { color: var(--warn); }
.good { color: var(--good); }
.facts td { text-align: left; white-space: normal; } .facts td:first-child { color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr));
  gap: 14px 22px; align-items: start; }
figure { margin: 10px 0 0; } figcaption { font-weight: 600; font-size: 14px; }
svg { width: 100%; height: auto; display: block; font-family: inherit; font-size: 12.5px; }
svg text { fill: var(--text); } svg .tick, svg .axis { fill: var(--soft); }
svg .absent { fill: var(--soft); font-style: italic; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
svg .spread { fill: none; stroke: var(--text); stroke-width: 1.4; opacity: .75; }
svg .pale { opacity: .35; } svg .limit { stroke: var(--bad); stroke-width: 1.6;
  stroke-dasharray: 6 4; } svg .limit-name { fill: var(--bad); }
@media print { section.case, figure { break-inside: avoid; } }
"""
