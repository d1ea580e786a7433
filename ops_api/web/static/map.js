// A map on our own GeoJSON: no tiles, no other host.
"use strict";
const CityMap = (() => {
  const ROAD_WIDTH = { A: 6, B: 5, C: 3.5, U: 2.5 }, PATIENCE_MS = 30000;
  const DARK = matchMedia("(prefers-color-scheme: dark)").matches, GROUND = DARK ? "#0b1518" : "#fff", STREET = DARK ? "#2f464e" : "#fff";

  function make(element) {
    const map = L.map(element, { attributionControl: false, scrollWheelZoom: false, preferCanvas: true, zoomSnap: 0.25, maxZoom: 18 });
    map.on("click", () => map.scrollWheelZoom.enable());
    map.on("mouseout", () => map.scrollWheelZoom.disable());
    return map;
  }

  function fit(map, layer) {
    const bounds = layer.getBounds();
    if (bounds.isValid()) map.fitBounds(bounds, { padding: [14, 14], animate: false });
  }

  async function json(url) {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(url + ": " + response.status);
    return response.json();
  }

  function casing(map, roads, extra = 3) {
    return L.geoJSON(roads, { interactive: false, style: (f) => ({ color: STREET, weight: ROAD_WIDTH[f.properties.road_class] + extra, opacity: 1 }) }).addTo(map);
  }

  // Text only: what comes from the database never becomes markup.
  function popup(lines) {
    const box = document.createElement("div");
    for (const [text, strong] of lines) {
      if (!text) continue;
      const p = document.createElement("p");
      if (strong) { const b = document.createElement("strong"); b.textContent = text; p.append(b); } else p.textContent = text;
      box.append(p);
    }
    return box;
  }

  const degrees = (v) => (v == null ? "" : v.toFixed(1).replace("-", "−") + " °C");
  return { make, fit, json, casing, popup, degrees, ROAD_WIDTH, DARK, GROUND };
})();
