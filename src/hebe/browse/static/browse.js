"use strict";
// What the pages do beyond links and forms: live state, filters while one types, chosen rows, crystals that turn.
(function () {
  const find = (where, what) => Array.from(where.querySelectorAll(what));
  const parts = new Map(); // number of the newest request for each part of the page

  async function fill(target, address) {
    const number = (parts.get(target) || 0) + 1;
    parts.set(target, number);
    let text;
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      text = await answer.text();
      if (!answer.ok) {
        const page = new DOMParser().parseFromString(text, "text/html");
        const note = document.createElement("p");
        note.className = "wrong";
        note.textContent = (page.querySelector(".wrong") || page.body).textContent;
        text = note.outerHTML;
      }
    } catch (error) {
      target.classList.add("stale");
      return;
    }
    if (parts.get(target) !== number) return;
    target.classList.remove("stale");
    const focused = document.activeElement && target.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    target.innerHTML = text;
    dress(target);
    if (focused) (find(target, "[aria-label]").find((one) => one.getAttribute("aria-label") === focused.split(",")[0]) || target).focus();
  }
  const partOf = (address) => address + (address.includes("?") ? "&" : "?") + "part=1";

  function live(section) {
    const again = async () => {
      if (!document.hidden) await fill(section, section.dataset.live);
      setTimeout(again, 2000);
    };
    setTimeout(again, 2000);
  }

  const chosen = new Set(); // rows that are to be compared, also those on other pages of the table
  function choice(form) {
    if (form.dataset.ready) return;
    form.dataset.ready = "1";
    const button = form.querySelector("button");
    const count = () => { button.textContent = chosen.size ? `Compare ${chosen.size} chosen` : "Compare chosen"; };
    for (const box of find(form, "input[name=row]")) {
      box.checked = chosen.has(box.value);
      box.addEventListener("change", () => { if (box.checked) chosen.add(box.value); else chosen.delete(box.value); count(); });
    }
    count();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.assign("/compare?" + Array.from(chosen, (row) => "row=" + encodeURIComponent(row)).join("&"));
    });
  }

  function filter(form) {
    const results = document.getElementById("results");
    let timer = 0;
    const address = () => "/candidates?" + new URLSearchParams(Array.from(new FormData(form)).filter((pair) => pair[1] !== ""));
    const show = (place) => { history.replaceState(null, "", place); return fill(results, partOf(place)); };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => show(address()), 150); });
    form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); show(address()); });
    results.addEventListener("click", (event) => {
      const link = event.target.closest("a.element, a.sort, a.turn");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const place = new URL(link.href);
      for (const field of find(form, "input[type=hidden]")) field.remove();
      for (const [name, value] of place.searchParams) {
        if (!["with", "without", "sort", "order"].includes(name)) continue;
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value });
        form.append(field);
      }
      place.searchParams.set("where", document.getElementById("where").value);
      show(place.pathname + "?" + place.searchParams);
    });
  }

  function crystal(section) {
    const canvas = section.querySelector("canvas"), buttons = find(section, "button[data-cell]");
    const legend = section.querySelector(".legend");
    let viewer = null;
    const tell = (cell) => {
      legend.replaceChildren();
      for (const [symbol, colour] of Object.entries(cell.colours)) {
        const key = document.createElement("button"), dot = document.createElement("span");
        key.type = "button"; key.className = "chip"; dot.className = "spot"; dot.style.background = colour;
        key.append(dot, symbol);
        key.addEventListener("pointerenter", () => viewer.light(symbol));
        key.addEventListener("focus", () => viewer.light(symbol));
        for (const end of ["pointerleave", "blur"]) key.addEventListener(end, () => viewer.light(null));
        legend.append(key);
      }
      legend.append(" drag or arrow keys turn, wheel zooms, p polyhedra or bonds, 0 as at first");
    };
    async function show(button) {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
      for (const line of find(section, ".files")) line.hidden = line.dataset.at !== button.dataset.at;
      const answer = await fetch(button.dataset.cell, { credentials: "same-origin" });
      const cell = answer.ok ? await answer.json() : null;
      canvas.hidden = cell === null;
      if (cell === null) { legend.textContent = answer.ok ? "This cell is too large to be drawn." : "There is no structure to draw."; return; }
      if (viewer === null) viewer = hebeViewer(canvas, cell); else viewer.show(cell);
      tell(cell);
    }
    for (const button of buttons) button.addEventListener("click", () => show(button));
    if (buttons.length) show(buttons[0]);
  }

  function dress(where) { // pieces that are there at first, or come with a part
    find(where, "#choice").forEach(choice);
    find(where, "[data-again]").forEach((note) => setTimeout(() => location.reload(), Number(note.dataset.again)));
  }

  document.documentElement.classList.add("scripted");
  dress(document);
  find(document, "[data-live]").forEach(live);
  find(document, "#filter").forEach(filter);
  find(document, ".crystal").forEach(crystal);
  find(document, "figure").forEach((figure) => { if (typeof hebeFigure === "function") hebeFigure(figure); });
})();
