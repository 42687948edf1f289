"use strict";
const MARKS = {
  holds: "✓", disagrees: "✗", "ill-shaped": "⊘", undecided: "?", ambiguous: "≟",
  "not-understood": "…", defines: "≔", declares: ":", "no-statement": "",
};
const WORST_FIRST = [
  "disagrees", "ill-shaped", "ambiguous", "undecided", "not-understood", "holds", "defines",
  "declares", "no-statement",
];
const EXAMPLES = {
  markdown: `Let $X \\in \\mathbb{R}^{n \\times d}$, $w \\in \\mathbb{R}^{d}$, $y \\in \\mathbb{R}^{n}$ and
$$r = X w - y, \\qquad L = \\frac{1}{2n} \\|r\\|^2 .$$

Then
$$\\frac{\\partial L}{\\partial w} = \\frac{1}{n} X^\\top r ,$$

and with the factor forgotten
$$\\frac{\\partial L}{\\partial w} = X^\\top r .$$
`,
  latex: `Let $X \\in \\mathbb{R}^{n \\times d}$, $w \\in \\mathbb{R}^{d}$, $y \\in \\mathbb{R}^{n}$ and
\\begin{align}
  r &= X w - y \\\\
  L &= \\frac{1}{2} \\|r\\|^2 \\\\
  \\frac{\\partial L}{\\partial w} &= X^\\top r
\\end{align}
`,
  python: `import numpy as np


# derive: x (N, D), w (D, M), t (N, M), wrt w
def loss_and_gradient(w, x, t):
    h = np.tanh(x @ w)
    error = h - t
    loss = 0.5 * np.sum(error**2)
    dw = x.T @ (error * (1 - h**2))
    return loss, dw
`,
};
const PAUSE = 350; // milliseconds without a key until what is typed is asked

const key = document.querySelector("meta[name=derive-key]").content;
const text = document.getElementById("text");
const gutter = document.querySelector(".gutter");
const summary = document.getElementById("summary");
const report = document.getElementById("report");
const most = Number(text.dataset.most);
let waiting = 0;
let asking = null;

function language() {
  return document.querySelector("input[name=language]:checked").value;
}

function say(sentence, kind = "") {
  summary.textContent = sentence;
  summary.className = kind;
}

function number(marks = []) {
  const lines = text.value.split("\n").length;
  const byLine = new Map();
  for (const mark of marks) {
    const worst = byLine.get(mark.line);
    const rank = (one) => WORST_FIRST.indexOf(one.outcome);
    if (!worst || rank(mark) < rank(worst)) byLine.set(mark.line, mark);
  }
  const rows = [];
  for (let line = 1; line <= lines; line += 1) {
    const row = document.createElement("li");
    const mark = byLine.get(line);
    if (mark && MARKS[mark.outcome]) {
      const known = document.getElementById(mark.anchor) !== null;
      const link = document.createElement(known ? "a" : "span");
      if (known) link.href = `#${mark.anchor}`;
      link.className = `mark ${mark.outcome}`;
      link.title = mark.message ? `${mark.outcome}: ${mark.message}` : mark.outcome;
      const sign = document.createElement("span");
      sign.ariaHidden = "true";
      sign.textContent = MARKS[mark.outcome];
      const told = document.createElement("span");
      told.className = "unseen";
      told.textContent = `${mark.outcome}, line`;
      link.append(sign, told);
      row.append(link);
    }
    const place = document.createElement("span");
    place.textContent = line;
    row.append(place);
    rows.push(row);
  }
  gutter.replaceChildren(...rows);
  gutter.scrollTop = text.scrollTop;
}

function goTo(line) {
  const rows = text.value.split("\n");
  const begin = rows.slice(0, line - 1).reduce((sum, row) => sum + row.length + 1, 0);
  text.focus();
  text.setSelectionRange(begin, begin + (rows[line - 1] ?? "").length);
  text.scrollTop = Math.max(0, (line - 4) * (text.scrollHeight / Math.max(rows.length, 1)));
}

function show(found) {
  if (found.problem) {
    report.replaceChildren();
    say(found.problem, "problem");
    number();
    return;
  }
  const open = new Set([...report.querySelectorAll("details[open]")].map(
    (one) => `${one.closest("article")?.id} ${one.querySelector("summary").textContent}`));
  report.innerHTML = found.html; // made by the server of escaped text
  for (const one of report.querySelectorAll("details")) {
    const name = `${one.closest("article")?.id} ${one.querySelector("summary").textContent}`;
    if (open.has(name)) one.open = true;
  }
  for (const place of report.querySelectorAll("[data-line]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = place.textContent;
    button.addEventListener("click", () => goTo(Number(place.dataset.line)));
    place.replaceChildren(button);
  }
  say(found.summary);
  number(found.marks);
}

async function ask() {
  asking?.abort();
  asking = null;
  if (!text.value.trim()) {
    report.replaceChildren();
    report.className = "";
    say("Nothing is pasted yet.");
    number();
    return;
  }
  if (new TextEncoder().encode(text.value).length > most) {
    show({ problem: `More than ${most.toLocaleString("en")} bytes are not taken.` });
    return;
  }
  const own = (asking = new AbortController());
  say("Deciding", "busy");
  report.className = "old";
  try {
    const response = await fetch("/verify", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Derive-Key": key },
      body: JSON.stringify({ language: language(), text: text.value }),
      signal: own.signal,
    });
    const found = await response.json();
    if (asking !== own) return;
    show(found);
  } catch (problem) {
    if (asking !== own) return;
    show({ problem: "The server does not answer: is `derive serve` still running?" });
  }
  report.className = "";
  asking = null;
}

function askSoon() {
  asking?.abort();
  asking = null;
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

text.addEventListener("input", () => {
  number();
  askSoon();
});
text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
for (const choice of document.querySelectorAll("input[name=language]")) {
  choice.addEventListener("change", askSoon);
}
document.querySelector(".example").addEventListener("click", () => {
  if (text.value.trim() && !Object.values(EXAMPLES).includes(text.value)) {
    say("What is pasted is kept: empty the box first.");
    return;
  }
  text.value = EXAMPLES[language()];
  number();
  ask();
});
number();
if (text.value) ask();
