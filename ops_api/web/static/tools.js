// The map of the operations centre's tools: choose stretches that would be closed, or a place; see a way. The forms and
// tables say the same without it.
"use strict";
(async () => {
  const element = document.getElementById("map");
  if (!element) return;
  const data = (name) => JSON.parse(element.dataset[name] || "null");
  const closed = new Set(data("closed") || []), way = data("way"), dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const field = document.getElementById(element.dataset.choose || element.dataset.to || "");
  const chooses = Boolean(element.dataset.choose && field), icy = new Set();
  const COLOR = dark ? { road: "#56707a", casing: "#0c1a1e", ice: "#ff8fa0", best: "#58a6ff", other: "#c79bef" } : { road: "#9fb0b3", casing: "#fff", ice: "#d9657a", best: "#0b5fd0", other: "#8a4fb8" };
  const map = CityMap.make(element);
  const ofField = () => new Set((field.value.match(/[^\s,]+/g) || []));
  const chosen = () => (chooses ? ofField() : new Set(data("chosen") || []));

  function style(feature) {
    const width = CityMap.ROAD_WIDTH[feature.properties.road_class] || 3, id = feature.id;
    if (closed.has(id)) return { color: "#b3121f", weight: width + 4, dashArray: "2 7" };
    if (chosen().has(id)) return { color: "#d97b00", weight: width + 5, dashArray: null };
    if (icy.has(id)) return { color: COLOR.ice, weight: width, dashArray: "1 5" };
    return { color: COLOR.road, weight: width * 0.8, dashArray: null };
  }

  function toggle(id) {
    const ids = ofField();
    if (!ids.delete(id)) ids.add(id);
    field.value = [...ids].join(" ");
    roads.setStyle(style);
  }

  const town = await CityMap.json(element.dataset.map);
  if (element.dataset.now) {
    const now = await CityMap.json(element.dataset.now);
    for (const [id, row] of Object.entries(now.roads)) if (["ice", "hoar", "snow"].includes(row[1])) icy.add(id);
  }
  // What is drawn needs to know where the map is.
  const swap = (line) => line.map(([x, y]) => [y, x]);
  const mine = town.features.filter((f) => chosen().has(f.id));
  if (way && way.best.length) map.fitBounds(L.latLngBounds(swap(way.best)), { padding: [60, 60], animate: false, maxZoom: 16 });
  else if (mine.length && !chooses) map.fitBounds(L.geoJSON({ ...town, features: mine }).getBounds(), { padding: [120, 120], animate: false, maxZoom: 15 });
  else {
    const gritted = town.features.filter((f) => f.properties.route_id);
    CityMap.fit(map, L.geoJSON(gritted.length ? { ...town, features: gritted } : town));
  }
  L.geoJSON(town, { interactive: false, style: (f) => ({ color: COLOR.casing, weight: (CityMap.ROAD_WIDTH[f.properties.road_class] || 3) + 3 }) }).addTo(map);
  const roads = L.geoJSON(town, {
    style,
    onEachFeature: (feature, layer) => {
      const p = feature.properties;
      layer.bindTooltip(CityMap.popup([[p.street || feature.id, true], [feature.id + (closed.has(feature.id) ? ", closed" : ""), false]]), { sticky: true });
      if (chooses) layer.on("click", (e) => { L.DomEvent.stopPropagation(e); toggle(feature.id); });
    },
  }).addTo(map);
  if (chooses) field.addEventListener("input", () => roads.setStyle(style));

  if (way) {
    if (way.other.length) L.polyline(swap(way.other), { color: COLOR.other, weight: 6, dashArray: "10 8", interactive: false }).addTo(map);
    if (way.best.length) L.polyline(swap(way.best), { color: COLOR.best, weight: 7, opacity: 0.9, interactive: false }).addTo(map);
    for (const [x, y, label] of way.stations) L.circleMarker([y, x], { radius: 8, color: "#fff", weight: 2, fillColor: "#8f1420", fillOpacity: 1 }).bindTooltip(CityMap.popup([[label, true]]), { permanent: true, direction: "auto" }).addTo(map);
    L.circleMarker([way.to[1], way.to[0]], { radius: 9, color: "#fff", weight: 3, fillColor: COLOR.best, fillOpacity: 1, interactive: false }).addTo(map);
  }
  if (!chooses && element.dataset.to && field) {
    map.on("click", (e) => { field.value = e.latlng.lat.toFixed(5) + ", " + e.latlng.lng.toFixed(5); field.form.requestSubmit(); });
  }
})();
