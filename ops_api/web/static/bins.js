// Bins on the map: a number and a shape for what is to be emptied, a hollow dot for the rest.
"use strict";
(async () => {
  // The live state may come before the map's data: it is kept until there is something to draw.
  let live = null;
  let redraw = () => {};
  document.addEventListener("cityops:state", (event) => { live = event.detail; redraw(); });
  const element = document.getElementById("map");
  const map = CityMap.make(element);
  const [bins, segments] = await Promise.all([CityMap.json(element.dataset.bins), CityMap.json(element.dataset.segments)]);
  CityMap.fit(map, L.geoJSON(bins.features.length ? bins : segments));
  CityMap.casing(map, segments, -0.5);
  const line = L.polyline([], { color: "#10262d", weight: 2, opacity: 0.55, dashArray: "6 6", interactive: false }).addTo(map);
  const layer = L.layerGroup().addTo(map);

  function draw(states) {
    layer.clearLayers();
    for (const f of bins.features) {
      const [lon, lat] = f.geometry.coordinates;
      const [state, fill, order] = states[f.id] || [f.properties.state, f.properties.fill_pct, 0];
      const words = { ok: "Not full", full: "Full", overflowing: "Overflowing", unknown: "Not known" }[state];
      const about = CityMap.popup([[f.properties.label, true], [words + (fill == null ? "" : ", " + Math.round(fill) + "%"), false], [f.properties.reason, false]]);
      let marker;
      if (order || state === "full" || state === "overflowing") {
        const pin = document.createElement("span");
        pin.className = "pin pin--" + state;
        pin.textContent = order || "+";
        marker = L.marker([lat, lon], { icon: L.divIcon({ className: "", html: pin.outerHTML, iconSize: [24, 24] }), keyboard: false });
      } else {
        const dashed = state === "unknown";
        marker = L.circleMarker([lat, lon], { radius: 4.5, color: dashed ? "#6b777a" : "#4f7f74", weight: 1.75, fillColor: "#fff", fillOpacity: 1, dashArray: dashed ? "2 3" : null });
      }
      marker.bindPopup(about).addTo(layer);
    }
  }

  redraw = () => {
    const { states, line: way } = live || {};
    draw(states || {});
    line.setLatLngs((way || []).map(([lon, lat]) => [lat, lon]));
  };
  redraw();
})();
