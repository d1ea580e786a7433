// Signs on a canvas map: a shape each, so that they are told apart without seeing colours; a word where it helps.
"use strict";
const WallSigns = (() => {
  const corners = {
    diamond: [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]],
    triangle: [[0, -1.1], [1.1, 0.9], [-1.1, 0.9]],
    square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
    lorry: [[-1.3, -0.8], [0.5, -0.8], [0.5, -0.35], [1.1, -0.35], [1.3, 0.1], [1.3, 0.8], [-1.3, 0.8]],
    gritter: [[-1.3, -0.9], [0.3, -0.9], [0, 0.1], [0.45, 0.1], [0.45, -0.6], [0.95, -0.6], [1.3, 0], [1.3, 0.8], [-1.3, 0.8], [-1.3, 0.4], [-0.95, 0.1]],
  };

  const Sign = L.CircleMarker.extend({
    options: { shape: "circle", text: "", dx: 0, dy: 0, letter: 16, textColor: "#000", halo: "#fff", interactive: true },

    // Words are wider than their sign: what is drawn anew when it changes must reach as far.
    _updateBounds() {
      L.CircleMarker.prototype._updateBounds.call(this);
      const o = this.options;
      if (!o.text) return;
      const wide = o.text.length * o.letter * 0.7 + this._radius * 2 + Math.abs(o.dx), high = o.letter + Math.abs(o.dy);
      this._pxBounds = L.bounds(this._point.subtract([wide, high]), this._point.add([wide, high]));
    },

    _updatePath() {
      const renderer = this._renderer, o = this.options;
      if (!renderer._drawing || this._empty()) return;
      const ctx = renderer._ctx, p = this._point, r = this._radius;
      if (o.shape !== "none") {
        ctx.beginPath();
        if (corners[o.shape]) for (const [x, y] of corners[o.shape]) ctx.lineTo(p.x + x * r, p.y + y * r);
        else ctx.arc(p.x, p.y, r, 0, Math.PI * 2, false);
        ctx.closePath();
        renderer._fillStroke(ctx, this);
        if (o.shape === "lorry" || o.shape === "gritter") wheels(ctx, p, r, o);
      }
      if (o.text) write(ctx, o.text, p.x + o.dx + (o.shape === "none" ? 0 : r * 1.6), p.y + o.dy, o);
    },
  });

  function wheels(ctx, p, r, o) {
    ctx.fillStyle = o.color;
    for (const x of [-0.75, 0.7]) { ctx.beginPath(); ctx.arc(p.x + x * r, p.y + 0.85 * r, 0.32 * r, 0, Math.PI * 2); ctx.fill(); }
  }

  function write(ctx, text, x, y, o) {
    ctx.globalAlpha = 1;
    ctx.font = `600 ${o.letter}px system-ui, "Liberation Sans", sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = o.shape === "none" ? "center" : "left";
    ctx.lineWidth = o.letter / 4;
    ctx.lineJoin = "round";
    ctx.setLineDash([]);
    ctx.strokeStyle = o.halo;
    ctx.strokeText(text, x, y);
    ctx.fillStyle = o.textColor;
    ctx.fillText(text, x, y);
  }

  // Lines across an area, the closer the more: a pattern to fill with.
  function hatch(color, gap) {
    const tile = document.createElement("canvas"), ctx = tile.getContext("2d");
    tile.width = tile.height = gap;
    ctx.strokeStyle = color;
    ctx.lineWidth = 2;
    for (const k of [-1, 0, 1]) { ctx.beginPath(); ctx.moveTo(k * gap - 2, gap + 2); ctx.lineTo((k + 1) * gap + 2, -2); ctx.stroke(); }
    return ctx.createPattern(tile, "repeat");
  }

  // Moves words from what they would cover, as little as may be: places {x, y, wide, high} of words, boxes [left, top, right, bottom] of signs; offsets [dx, dy]; within {x, y} at most.
  function apart(places, taken, most = { x: Infinity, y: Infinity }) {
    const boxes = [...taken];
    const tries = [[0, 0]];
    for (const far of [1, 1.6, 2.4]) for (const [x, y] of [[0, -1], [0, 1], [1, 0], [-1, 0], [0.8, -1], [-0.8, -1], [0.8, 1], [-0.8, 1]]) tries.push([x * far, y * far]);
    return places.map(({ x, y, wide, high }) => {
      let best = null;
      for (const [across, down] of tries) {
        const dx = across * wide, dy = down * high * 1.5, box = [x + dx - wide / 2, y + dy - high / 2, x + dx + wide / 2, y + dy + high / 2];
        const out = (across || down) && (box[0] < 6 || box[1] < 6 || box[2] > most.x || box[3] > most.y);
        const hits = boxes.filter((b) => b[0] < box[2] && box[0] < b[2] && b[1] < box[3] && box[1] < b[3]).length + (out ? 100 : 0);
        if (!best || hits < best.hits) best = { hits, dx, dy, box };
        if (!hits) break;
      }
      boxes.push(best.box);
      return [best.dx, best.dy];
    });
  }

  // The same lorry for the key, 38 by 16, as on the map: its class says whether it is filled.
  function drawn(shape) {
    const points = corners[shape].map(([x, y]) => `${19 + x * 11},${7 + y * 7}`).join(" "), wheel = (x) => `<circle cx="${19 + x * 11}" cy="13" r="2.6" class="wk--rim"/>`;
    return `<polygon points="${points}" stroke-width="1.5"/>${wheel(-0.75)}${wheel(0.7)}`;
  }

  return { apart, drawn, sign: (at, options) => new Sign(at, options), hatch };
})();
