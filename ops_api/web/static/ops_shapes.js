// Signs on a canvas map: a shape each, so that they are told apart without seeing colours; a word where it helps.
"use strict";
const WallSigns = (() => {
  const corners = {
    diamond: [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]],
    triangle: [[0, -1.1], [1.1, 0.9], [-1.1, 0.9]],
    square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
    lorry: [[-1.3, -0.8], [0.5, -0.8], [0.5, -0.35], [1.1, -0.35], [1.3, 0.1], [1.3, 0.8], [-1.3, 0.8]],
  };

  const Sign = L.CircleMarker.extend({
    options: { shape: "circle", text: "", letter: 16, textColor: "#000", halo: "#fff", interactive: true },

    // Words are wider than their sign: what is drawn anew when it changes must reach as far.
    _updateBounds() {
      L.CircleMarker.prototype._updateBounds.call(this);
      const o = this.options;
      if (!o.text) return;
      const wide = o.text.length * o.letter * 0.7 + this._radius * 2, high = o.letter;
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
        if (o.shape === "lorry") wheels(ctx, p, r, o);
      }
      if (o.text) write(ctx, o.text, p.x + (o.shape === "none" ? 0 : r * 1.6), p.y, o);
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

  return { sign: (at, options) => new Sign(at, options), hatch };
})();
