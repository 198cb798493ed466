// Figures against budgets: one line each, and the table at the end.
import { say } from "../lib/base.mjs";

const table = [];

const show = (n) => (Number.isInteger(n) ? n.toLocaleString("en") : n.toFixed(n < 10 ? 2 : 1));

/** One line of the table. `least` turns the budget round. */
export function judge(what, size, figure, budget, unit = "", least = false) {
  const good = least ? figure >= budget : figure <= budget;
  const line = [what, size, `${least ? "≥" : "≤"} ${show(budget)} ${unit}`, `${show(figure)} ${unit}`, good ? "ok" : "OVER"];
  table.push(line);
  say(`  ${line.join(" | ")}`);
}

/** What helps to understand a figure and has no budget. */
export const note = (text) => say(`  (${text})`);

const sorted = (all) => [...all].sort((a, b) => a - b);
export const quantile = (all, q) => sorted(all)[Math.min(all.length - 1, Math.ceil(q * all.length) - 1)];
export const median = (all) => quantile(all, 0.5);

/** The whole table, and how many lines are inside their budgets. */
export function print() {
  if (table.length === 0) return "0";
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => [...line[column]].length)));
  say(`\n${"Number".padEnd(widths[0])}  ${"Guardians".padEnd(9)}  ${"Budget".padEnd(widths[2])}  ${"Figure".padEnd(widths[3])}  Verdict`);
  for (const [what, size, budget, figure, verdict] of table) {
    say(`${what.padEnd(widths[0])}  ${size.padEnd(9)}  ${budget.padEnd(widths[2])}  ${figure.padEnd(widths[3])}  ${verdict}`);
  }
  return `${table.filter((line) => line[4] === "ok").length} of ${table.length}`;
}
