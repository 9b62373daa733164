"use strict";
// Tables that sort and filter in the page: hebeTable(table) for a <table> with one <thead> row and one <tbody>.
// A cell may carry data-v, the number by which it is sorted; a row data-id, and data-el, its elements.
// Without scripts the table is there in full. Words of the page reach the document as text alone.
function hebeTable(table, options) {
  const settings = Object.assign({ shown: 100, place: null }, options);
  const body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells);
  const rows = Array.from(body.rows);
  const number = (cell) => {
    const given = cell.dataset.v;
    return given === undefined ? null : given === "inf" ? Infinity : given === "-inf" ? -Infinity : Number(given);
  };
  const once = (make) => { let made = null; return () => made || (made = make()); };
  const cells = once(() => rows.map((row) => Array.from(row.cells)));
  const texts = once(() => rows.map((row) => row.textContent.toLowerCase()));
  const elements = rows.map((row) => ` ${row.dataset.el || ""} `);
  const columns = heads.map((_, at) => once(() => cells().map((row) => number(row[at]))));
  const words = heads.map((_, at) => once(() => cells().map((row) => row[at].textContent)));
  const numeric = heads.map((_, at) => rows.slice(0, 1000).some((row) => row.cells[at].dataset.v !== undefined));
  let order = rows.map((_, at) => at), sorted = null, all = false;
  const state = { words: [], column: -1, low: null, high: null, want: new Map() };

  const make = (name, words, look) => {
    const made = document.createElement(name);
    if (words) made.textContent = words;
    for (const [key, value] of Object.entries(look || {})) made.setAttribute(key, value);
    return made;
  };
  const fits = (at) => {
    for (const [element, wanted] of state.want) if (elements[at].includes(` ${element} `) !== wanted) return false;
    if (state.column >= 0 && (state.low !== null || state.high !== null)) {
      const value = columns[state.column]()[at];
      if (value === null || (state.low !== null && value < state.low) || (state.high !== null && value > state.high)) return false;
    }
    return state.words.every((word) =>
      word.length > 1 && word[0] === "-" ? !texts()[at].includes(word.slice(1)) : texts()[at].includes(word));
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
  const compare = (at) => {
    const values = numeric[at] ? columns[at]() : words[at]();
    return (one, other) => {
      const a = values[one], b = values[other];
      if (a === null || b === null) return a === b ? one - other : a === null ? 1 : -1; // what has no value comes last
      const way = a === b ? 0 : a < b ? -1 : 1;
      return (sorted.falling ? -way : way) || one - other;
    };
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
  const sought = make("input", "", { type: "search", placeholder: "words; -word leaves out", "aria-label": "words that rows contain" });
  sought.addEventListener("input", () => { state.words = sought.value.toLowerCase().split(/\s+/).filter(Boolean); draw(); });
  bar.append(sought);
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
  const symbols = Array.from(new Set(Array.from(new Set(elements)).flatMap((found) => found.split(" ").filter(Boolean))))
    .filter((symbol) => !elements.every((found) => found.includes(` ${symbol} `)));
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
  table.classList.add("ready");
  const holder = settings.place || table.parentElement;
  holder.before(bar);
  holder.after(more);
  draw();
  return { sortBy, draw };
}
