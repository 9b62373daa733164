"use strict";
// Figures: what a mark means under the pointer or with the arrow keys, a large view that zooms, the SVG as a file.
function hebeFigure(figure) {
  const svg = figure.querySelector("svg");
  if (!svg) return;
  const marks = () => Array.from(svg.querySelectorAll(".mark"));
  const said = (mark) => (mark.querySelector("title") || mark.parentElement.querySelector("title") || { textContent: "" }).textContent;
  let at = -1;
  svg.tabIndex = 0;
  svg.addEventListener("pointerover", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) hebeFigure.tell(said(mark), event.clientX, event.clientY, svg);
  });
  svg.addEventListener("pointerout", () => hebeFigure.tell(null));
  svg.addEventListener("blur", () => { marks().forEach((mark) => mark.classList.remove("chosen")); at = -1; hebeFigure.tell(null); });
  svg.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key], found = marks();
    if (event.key === "Enter") { hebeFigure.enlarge(figure); event.preventDefault(); }
    if (!way || !found.length) return;
    event.preventDefault();
    at = (at + way + found.length) % found.length;
    found.forEach((mark, i) => mark.classList.toggle("chosen", i === at));
    const box = found[at].getBoundingClientRect();
    hebeFigure.tell(said(found[at]), box.right, box.bottom, svg);
  });
  if (figure.closest("dialog")) return;
  const bar = document.createElement("div");
  bar.className = "tools";
  for (const [words, act] of [["enlarge", () => hebeFigure.enlarge(figure)], ["save SVG", () => hebeFigure.save(svg, figure.dataset.name || "figure")]]) {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = words;
    button.addEventListener("click", act);
    bar.append(button);
  }
  figure.append(bar);
}
hebeFigure.tell = function (words, x, y, near) {
  const host = near && near.closest("dialog") || document.body;
  const tip = hebeFigure.tip || (hebeFigure.tip = document.createElement("div"));
  tip.className = "tip"; tip.setAttribute("role", "status");
  host.append(tip);
  tip.hidden = !words;
  if (!words) return;
  tip.textContent = words;
  tip.style.left = `${Math.max(4, Math.min(x + 12, window.innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(y + 12, window.innerHeight - tip.offsetHeight - 8))}px`;
};
hebeFigure.save = function (svg, name) {
  const copy = svg.cloneNode(true);
  copy.removeAttribute("tabindex");
  copy.setAttribute("style", "color:#000;background:#fff");
  const link = document.createElement("a"), blob = new Blob([copy.outerHTML], { type: "image/svg+xml" });
  link.href = URL.createObjectURL(blob); link.download = `${name}.svg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
hebeFigure.enlarge = function (figure) {
  const dialog = document.createElement("dialog"), copy = figure.cloneNode(true), close = document.createElement("button");
  copy.querySelectorAll(".tools").forEach((bar) => bar.remove());
  close.type = "button"; close.textContent = "close"; close.className = "close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(close, copy);
  dialog.addEventListener("close", () => { dialog.remove(); const own = figure.querySelector("svg"); if (own) own.focus(); });
  document.body.append(dialog);
  const svg = copy.querySelector("svg"), whole = svg.getAttribute("viewBox").split(" ").map(Number);
  let box = whole.slice(), held = null;
  const set = () => svg.setAttribute("viewBox", box.join(" "));
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const place = svg.getBoundingClientRect(), by = Math.exp(event.deltaY * 0.0015);
    const share = [(event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height];
    const size = [box[2] * by, box[3] * by];
    if (size[0] > whole[2]) box = whole.slice();
    else box = [box[0] + share[0] * (box[2] - size[0]), box[1] + share[1] * (box[3] - size[1]), ...size];
    set();
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY]; });
  svg.addEventListener("pointermove", (event) => {
    if (!held || !event.buttons) return;
    const place = svg.getBoundingClientRect();
    box[0] -= (event.clientX - held[0]) * box[2] / place.width; box[1] -= (event.clientY - held[1]) * box[3] / place.height;
    held = [event.clientX, event.clientY]; set();
  });
  svg.addEventListener("dblclick", () => { box = whole.slice(); set(); });
  dialog.showModal();
  hebeFigure(copy);
  svg.focus();
};
