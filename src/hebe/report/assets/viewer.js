"use strict";
// A crystal that turns: hebeViewer(canvas, cell) draws balls, sticks and polyhedra by painter's algorithm.
// cell: {lattice: 3 rows in A, sites: [[symbol, fa, fb, fc], ...] in fractions, colours: {symbol: "#rrggbb"},
// radii: {symbol: A}, centres: [symbols in polyhedra], ligands: [symbols at corners], bonds: {symbol: longest in A}}.
// Drag or arrow keys turn, wheel or + and - zoom, p switches polyhedra, 0 puts everything back.
function hebeViewer(canvas, cell) {
  const context = canvas.getContext("2d");
  const first = () => [[0.94, 0, -0.34], [-0.09, 0.97, -0.24], [0.33, 0.26, 0.91]];
  let turn = first(), zoom = 1, polyhedra = true, lit = null, model = null, frame = 0;
  const times = (a, b) => a.map((row) => b[0].map((_, j) => row.reduce((sum, v, k) => sum + v * b[k][j], 0)));
  const less = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const at = (f) => [0, 1, 2].map((j) => f[0] * cell.lattice[0][j] + f[1] * cell.lattice[1][j] + f[2] * cell.lattice[2][j]);

  function faces(corners) { // triangles of the convex hull of a few points
    const found = [];
    for (let i = 0; i < corners.length; i++) for (let j = i + 1; j < corners.length; j++) for (let k = j + 1; k < corners.length; k++) {
      const normal = cross(less(corners[j], corners[i]), less(corners[k], corners[i]));
      const sides = corners.map((corner) => dot(normal, less(corner, corners[i])));
      const slack = 0.02 * Math.sqrt(dot(normal, normal)); // corners 0.02 A off a face lie in it
      if (slack > 0 && (sides.every((side) => side <= slack) || sides.every((side) => side >= -slack))) found.push([corners[i], corners[j], corners[k]]);
    }
    return found;
  }
  function build() {
    const atoms = [], every = [], edge = 0.02, ligands = new Set(cell.ligands), centres = new Set(cell.centres);
    for (const [symbol, ...given] of cell.sites) {
      const home = given.map((f) => { const inside = f - Math.floor(f); return inside > 1 - edge / 4 ? 0 : inside; });
      for (let a = -1; a <= 1; a++) for (let b = -1; b <= 1; b++) for (let c = -1; c <= 1; c++) {
        const f = [home[0] + a, home[1] + b, home[2] + c];
        const atom = { symbol, p: at(f) };
        every.push(atom);
        if (f.every((v) => v >= -edge && v <= 1 + edge)) atoms.push(atom);
      }
    }
    const shown = new Set(atoms), bonds = [], solids = [];
    const anions = every.filter((atom) => ligands.has(atom.symbol));
    for (const atom of atoms) {
      const longest = cell.bonds[atom.symbol];
      if (longest === undefined) continue;
      const near = anions.filter((other) => { const d = less(atom.p, other.p); return dot(d, d) < longest * longest && dot(d, d) > 0.01; });
      for (const other of near) { shown.add(other); bonds.push([atom, other]); }
      if (centres.has(atom.symbol) && near.length >= 4 && near.length <= 14) for (const face of faces(near.map((other) => other.p))) solids.push({ symbol: atom.symbol, face });
    }
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => at([i & 1, (i >> 1) & 1, (i >> 2) & 1]));
    const middle = corners.reduce((sum, p) => sum.map((v, j) => v + p[j] / 8), [0, 0, 0]);
    const list = Array.from(shown);
    const reach = Math.max(...list.map((atom) => { const d = less(atom.p, middle); return Math.sqrt(dot(d, d)); })) + 0.6;
    return { atoms: list, bonds, solids, corners, middle, reach };
  }
  const shade = (hex, by) => "#" + [1, 3, 5].map((i) => Math.round(Math.min(255, parseInt(hex.slice(i, i + 2), 16) * by + (by > 1 ? 40 * (by - 1) : 0))).toString(16).padStart(2, "0")).join("");
  const dim = (symbol) => lit !== null && lit !== symbol;

  function paint() {
    frame = 0;
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    }
    model = model || build();
    const scale = zoom * Math.min(width, height) / (2 * model.reach);
    const seen = (p) => {
      const d = less(p, model.middle), v = [0, 1, 2].map((j) => dot(turn[j], d));
      return [width / 2 + v[0] * scale, height / 2 - v[1] * scale, v[2]];
    };
    const items = [];
    for (const atom of model.atoms) { const q = seen(atom.p); items.push({ z: q[2], draw: () => ball(q, atom.symbol, scale) }); }
    if (polyhedra) for (const { symbol, face } of model.solids) {
      const q = face.map(seen), z = (q[0][2] + q[1][2] + q[2][2]) / 3;
      items.push({ z, draw: () => solid(q, face, symbol) });
    } else for (const [one, other] of model.bonds) {
      const a = seen(one.p), b = seen(other.p);
      items.push({ z: (a[2] + b[2]) / 2 - 0.01, draw: () => stick(a, b, one.symbol, scale) });
    }
    for (let i = 0; i < 8; i++) for (const bit of [1, 2, 4]) if (!(i & bit)) {
      const a = seen(model.corners[i]), b = seen(model.corners[i | bit]);
      items.push({ z: Math.min(a[2], b[2]), draw: () => rule(a, b) });
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    items.sort((one, other) => one.z - other.z).forEach((item) => item.draw());
    canvas.dataset.drawn = String(Number(canvas.dataset.drawn || 0) + 1);
  }
  function ball([x, y], symbol, scale) {
    const r = Math.max(1.5, (cell.radii[symbol] || 0.7) * scale), colour = cell.colours[symbol] || "#808080";
    const light = context.createRadialGradient(x - r * 0.35, y - r * 0.35, r * 0.1, x, y, r);
    light.addColorStop(0, shade(colour, 1.45)); light.addColorStop(1, shade(colour, 0.8));
    context.globalAlpha = dim(symbol) ? 0.12 : 1;
    context.beginPath(); context.arc(x, y, r, 0, 2 * Math.PI);
    context.fillStyle = light; context.fill();
    context.lineWidth = 0.7; context.strokeStyle = shade(colour, 0.45); context.stroke();
    context.globalAlpha = 1;
  }
  function stick(a, b, symbol, scale) {
    context.globalAlpha = dim(symbol) ? 0.08 : 0.9;
    context.beginPath(); context.moveTo(a[0], a[1]); context.lineTo(b[0], b[1]);
    context.lineWidth = Math.max(1, 0.14 * scale); context.strokeStyle = shade(cell.colours[symbol] || "#808080", 0.85); context.stroke();
    context.globalAlpha = 1;
  }
  function solid(q, face, symbol) {
    const normal = cross(less(face[1], face[0]), less(face[2], face[0]));
    const facing = Math.abs(dot(turn[2], normal)) / Math.sqrt(dot(normal, normal));
    context.globalAlpha = dim(symbol) ? 0.05 : 0.5;
    context.beginPath(); context.moveTo(q[0][0], q[0][1]); context.lineTo(q[1][0], q[1][1]); context.lineTo(q[2][0], q[2][1]); context.closePath();
    context.fillStyle = shade(cell.colours[symbol] || "#808080", 0.7 + 0.4 * facing); context.fill();
    context.globalAlpha = dim(symbol) ? 0.05 : 0.35; context.lineWidth = 0.8; context.strokeStyle = "#222"; context.stroke();
    context.globalAlpha = 1;
  }
  function rule(a, b) {
    context.beginPath(); context.moveTo(a[0], a[1]); context.lineTo(b[0], b[1]);
    context.lineWidth = 1; context.strokeStyle = "#555"; context.stroke();
  }
  const soon = () => { if (!frame) frame = requestAnimationFrame(paint); };
  const spin = (dx, dy) => {
    const [cx, sx, cy, sy] = [Math.cos(dx), Math.sin(dx), Math.cos(dy), Math.sin(dy)];
    turn = times(times([[1, 0, 0], [0, cy, -sy], [0, sy, cy]], [[cx, 0, sx], [0, 1, 0], [-sx, 0, cx]]), turn);
    soon();
  };
  const scaleBy = (factor) => { zoom = Math.min(12, Math.max(0.3, zoom * factor)); soon(); };
  const keys = {
    ArrowLeft: () => spin(-0.15, 0), ArrowRight: () => spin(0.15, 0), ArrowUp: () => spin(0, -0.15), ArrowDown: () => spin(0, 0.15),
    "+": () => scaleBy(1.2), "=": () => scaleBy(1.2), "-": () => scaleBy(1 / 1.2),
    p: () => { polyhedra = !polyhedra; soon(); }, 0: () => { turn = first(); zoom = 1; soon(); },
  };
  let held = null;
  canvas.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (held === null) return;
    spin((event.clientX - held[0]) * 0.01, (event.clientY - held[1]) * 0.01);
    held = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = null; });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); scaleBy(Math.exp(-event.deltaY * 0.0015)); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (act && !event.ctrlKey && !event.metaKey && !event.altKey) { act(); event.preventDefault(); }
  });
  canvas.tabIndex = 0;
  new ResizeObserver(soon).observe(canvas);
  soon();
  return {
    show(next) { cell = next; model = null; soon(); },
    light(symbol) { lit = symbol; soon(); },
    polyhedra(on) { polyhedra = on; soon(); },
    turned: () => turn.map((row) => row.slice()),
  };
}
