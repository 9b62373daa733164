"use strict";
// Tables that sort and filter in the page: hebeTable(table) for a <table> with one <thead> row and one <tbody>.
// A cell may carry data-v, the number by which it is sorted; a row data-id, and data-el, its elements.
// Without scripts the table is there in full. Words of the page reach the document as text alone.
function hebeTable(table, options) {
  const settings = Object.assign({ shown: 200, place: null }, options);
  const body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells);
  const rows = Array.from(body.rows);
  const number = (cell) => {
    const given = cell.dataset.v;
    return given === undefined ? null : given === "inf" ? Infinity : given === "-inf" ? -Infinity : Number(given);
  };
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const elements = rows.map((row) => new Set((row.dataset.el || "").split(" ").filter(Boolean)));
  const columns = heads.map((_, at) => rows.map((row) => number(row.cells[at])));
  const numeric = columns.map((values) => values.some((value) => value !== null));
  let order = rows.map((_, at) => at), sorted = null, all = false;
  const state = { words: "", column: -1, low: null, high: null, want: new Map() };

  const make = (name, words, look) => {
    const made = document.createElement(name);
    if (words) made.textContent = words;
    for (const [key, value] of Object.entries(look || {})) made.setAttribute(key, value);
    return made;
  };
  const fits = (at) => {
    for (const [element, wanted] of state.want) if (elements[at].has(element) !== wanted) return false;
    if (state.column >= 0 && (state.low !== null || state.high !== null)) {
      const value = columns[state.column][at];
      if (value === null || (state.low !== null && value < state.low) || (state.high !== null && value > state.high)) return false;
    }
    return state.words.split(/\s+/).filter(Boolean).every((word) =>
      word.length > 1 && word[0] === "-" ? !texts[at].includes(word.slice(1)) : texts[at].includes(word));
  };
  const draw = () => {
    const kept = order.filter(fits);
    const shown = all ? kept : kept.slice(0, settings.shown);
    body.replaceChildren(...shown.map((at) => rows[at]));
    count.textContent = kept.length === rows.length ? `${rows.length} rows` : `${kept.length} of ${rows.length} rows`;
    more.hidden = shown.length === kept.length;
    more.textContent = `show all ${kept.length}`;
    const event = { bubbles: true, detail: { ids: kept.map((at) => rows[at].dataset.id), all: kept.length === rows.length } };
    table.dispatchEvent(new CustomEvent("hebe:filtered", event));
  };
  const compare = (at) => (one, other) => {
    const [a, b] = numeric[at] ? [columns[at][one], columns[at][other]] : [rows[one].cells[at].textContent, rows[other].cells[at].textContent];
    if (a === null || b === null) return a === b ? one - other : a === null ? 1 : -1; // what has no value comes last
    const way = a === b ? 0 : a < b ? -1 : 1;
    return (sorted.falling ? -way : way) || one - other;
  };
  const sortBy = (at) => {
    const falling = sorted !== null && sorted.at === at && !sorted.falling;
    const back = sorted !== null && sorted.at === at && sorted.falling;
    sorted = back ? null : { at, falling };
    order = rows.map((_, row) => row);
    if (sorted) order.sort(compare(at));
    heads.forEach((head, i) => head.setAttribute("aria-sort", sorted && i === at ? (falling ? "descending" : "ascending") : "none"));
    draw();
  };
  heads.forEach((head, at) => {
    const button = make("button", "", { type: "button", class: "sort", title: "sort: up, down, as it was" });
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(at));
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
  });

  const bar = make("div", "", { class: "filters", role: "search" });
  const words = make("input", "", { type: "search", placeholder: "words; -word leaves out", "aria-label": "words that rows contain" });
  words.addEventListener("input", () => { state.words = words.value.toLowerCase(); draw(); });
  bar.append(words);
  const column = make("select", "", { "aria-label": "column whose values are limited" });
  column.append(make("option", "any value", { value: "-1" }));
  heads.forEach((head, at) => numeric[at] && column.append(make("option", head.textContent.trim(), { value: String(at) })));
  const limits = ["low", "high"].map((end) => {
    const input = make("input", "", { type: "number", step: "any", placeholder: end === "low" ? "from" : "to", "aria-label": end === "low" ? "at least" : "at most" });
    input.addEventListener("input", () => { state[end] = input.value === "" ? null : Number(input.value); draw(); });
    return input;
  });
  column.addEventListener("change", () => { state.column = Number(column.value); draw(); });
  if (numeric.some(Boolean)) bar.append(column, ...limits);
  const symbols = Array.from(new Set(elements.flatMap((found) => Array.from(found)))).filter((symbol) => !elements.every((found) => found.has(symbol)));
  if (symbols.length) {
    const chips = make("span", "", { class: "chips", role: "group", "aria-label": "elements: with, without, either" });
    for (const symbol of symbols.sort()) {
      const chip = make("button", symbol, { type: "button", class: "chip", "aria-label": `${symbol}: either` });
      chip.addEventListener("click", () => {
        const next = !state.want.has(symbol) ? true : state.want.get(symbol) ? false : null;
        if (next === null) state.want.delete(symbol); else state.want.set(symbol, next);
        chip.className = `chip${next === null ? "" : next ? " with" : " without"}`;
        chip.setAttribute("aria-label", `${symbol}: ${next === null ? "either" : next ? "with" : "without"}`);
        draw();
      });
      chips.append(chip);
    }
    bar.append(chips);
  }
  const count = make("output", "", { "aria-live": "polite" });
  const more = make("button", "", { type: "button", class: "more" });
  more.addEventListener("click", () => { all = true; draw(); });
  bar.append(count);
  const holder = settings.place || table.parentElement;
  holder.before(bar);
  holder.after(more);
  draw();
  return { sortBy, draw };
}
