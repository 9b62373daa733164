"use strict";
// What the report does with scripts on: tables sort, figures tell, structures turn.
(function () {
  document.querySelectorAll("table.ranking").forEach((table) => hebeTable(table));
  document.querySelectorAll("figure").forEach(hebeFigure);

  // rows that are filtered out fade in the figures, and the row under the pointer stands out there
  const marks = new Map();
  document.querySelectorAll(".mark[data-id]").forEach((mark) => {
    marks.set(mark.dataset.id, [...(marks.get(mark.dataset.id) || []), mark]);
  });
  const fade = (detail) => {
    const kept = new Set(detail.ids);
    marks.forEach((found, id) => found.forEach((mark) => mark.classList.toggle("faded", !detail.all && !kept.has(id))));
  };
  document.addEventListener("hebe:filtered", (event) => fade(event.detail));
  document.querySelectorAll("table.ranking tbody").forEach((body) => {
    for (const [kind, on] of [["pointerover", true], ["pointerout", false]]) body.addEventListener(kind, (event) => {
      const row = event.target.closest("tr");
      (row && marks.get(row.dataset.id) || []).forEach((mark) => mark.classList.toggle("chosen", on));
    });
  });

  const place = document.getElementById("hebe-crystal"), given = document.getElementById("hebe-crystals");
  if (place && given) crystals(place, JSON.parse(given.textContent));

  function crystals(place, candidates) {
    const make = (name, look, words) => {
      const made = document.createElement(name);
      Object.entries(look || {}).forEach(([key, value]) => made.setAttribute(key, value));
      if (words) made.textContent = words;
      return made;
    };
    const chooser = make("div", { class: "filters" }), candidate = make("select", { "aria-label": "candidate" });
    const state = make("select", { "aria-label": "content of the working ion" }), legend = make("div", { class: "legend" });
    candidates.forEach((one, at) => candidate.append(make("option", { value: String(at) }, one.title)));
    const canvas = make("canvas", { role: "img", "aria-label": "structure that turns" });
    const ways = make("button", { type: "button" }, "show bonds");
    chooser.append(candidate, state, ways);
    place.append(chooser, canvas, legend);
    let viewer = null, solid = true;
    const draw = () => {
      const cell = candidates[Number(candidate.value)].states[Number(state.value)].cell;
      if (viewer) viewer.show(cell); else viewer = hebeViewer(canvas, cell);
      legend.replaceChildren(...Object.entries(cell.colours).map(([symbol, colour]) => {
        const key = make("button", { type: "button", class: "chip", "aria-label": `light up ${symbol}` });
        const spot = make("span", { class: "spot" });
        spot.style.background = colour;
        key.append(spot, symbol);
        for (const [kind, lit] of [["pointerenter", symbol], ["focus", symbol], ["pointerleave", null], ["blur", null]]) key.addEventListener(kind, () => viewer.light(lit));
        return key;
      }));
    };
    const choose = () => {
      const states = candidates[Number(candidate.value)].states;
      state.replaceChildren(...states.map((one, at) => make("option", { value: String(at) }, one.name)));
      state.hidden = states.length < 2;
      draw();
    };
    candidate.addEventListener("change", choose);
    state.addEventListener("change", draw);
    ways.addEventListener("click", () => { solid = !solid; ways.textContent = solid ? "show bonds" : "show polyhedra"; viewer.polyhedra(solid); });
    choose();
    document.querySelectorAll("details.card").forEach((card) => {
      const at = candidates.findIndex((one) => one.id === card.dataset.id);
      if (at < 0) return;
      const button = make("button", { type: "button" }, "show its structure");
      button.addEventListener("click", () => {
        candidate.value = String(at); choose();
        place.scrollIntoView({ block: "center" }); canvas.focus({ preventScroll: true });
      });
      card.append(button);
    });
  }
})();
