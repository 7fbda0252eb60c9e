"use strict";
(() => {
  const root = document.documentElement;
  const data = (id) => JSON.parse(document.getElementById(id).textContent);
  const words = data("words");

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const keep = (theme) => { try { localStorage.setItem("warmstart-theme", theme); } catch { /* not allowed here */ } };
  try { const kept = localStorage.getItem("warmstart-theme"); if (kept) root.dataset.theme = kept; } catch { /* the same */ }
  const button = document.getElementById("theme");
  const tell = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; keep(root.dataset.theme); tell(); });
  dark.addEventListener("change", tell);
  tell();

  const order = new Intl.Collator(root.lang, { numeric: true, sensitivity: "base" }).compare;
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((each) => each.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].map((row) => [key(row, column), row]);
      rows.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);  // what is not known comes last, both ways
        const found = typeof a === "number" && typeof b === "number" ? a - b : order(String(a), String(b));
        return up ? found : -found;
      });
      table.tBodies[0].append(...rows.map(([, row]) => row));
    }));
    const field = table.closest(".table").querySelector("input.filter");
    if (!field) continue;
    const said = table.closest(".table").querySelector(".found");
    const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase();
      let shown = 0;
      for (const [row, text] of rows) { row.hidden = !text.includes(wanted); shown += !row.hidden; }
      said.textContent = wanted ? words.found.replace("{shown}", shown).replace("{total}", rows.length) : "";
    });
  }

  const show = { mode: "vega-lite", actions: false, renderer: "svg", ast: true, defaultStyle: false,
    tooltip: { disableDefaultStyle: true } };
  const failed = (error) => console.error(String(error));
  Promise.all(data("charts").map((spec, number) => vegaEmbed(`#chart-${number}`, spec, show)))
    .then(() => { root.dataset.drawn = "yes"; }, failed);
})();
