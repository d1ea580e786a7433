// Road states on the map: colour, width and dash pattern each tell them apart; ice has a mark too.
"use strict";
(async () => {
  // The live state may come before the map's data: it is kept until there is something to draw.
  let live = null;
  let redraw = () => {};
  document.addEventListener("cityops:state", (event) => { live = event.detail; redraw(); });
  const element = document.getElementById("map");
  // Wider means worse; frost and snow have a white core, ice has a mark.
  const STYLE = {
    dry: { color: "#9fb0b3", factor: 0.55 },
    damp: { color: "#6fa6bf", factor: 0.75 },
    wet: { color: "#17699b", factor: 1 },
    hoar: { color: "#6a2ca0", factor: 1.15, extra: 3, core: "5 5" },
    ice: { color: "#b3121f", factor: 1.2, extra: 3.5 },
    snow: { color: "#10262d", factor: 1.15, extra: 3, core: "9 4" },
    unknown: { color: "#9aa7aa", factor: 0.5, dashArray: "2 4" },
  };
  const NAME = { dry: "Dry", damp: "Damp", wet: "Wet", hoar: "Hoar frost", ice: "Ice", snow: "Snow", unknown: "Not known" };
  const map = CityMap.make(element);
  const [segments, depots] = await Promise.all([CityMap.json(element.dataset.segments), CityMap.json(element.dataset.depots)]);
  CityMap.fit(map, L.geoJSON(segments));
  CityMap.casing(map, segments);
  const marks = L.layerGroup().addTo(map);
  let states = Object.fromEntries(segments.features.map((f) => [f.id, f.properties.state]));

  const styleOf = (feature) => STYLE[states[feature.id]] || STYLE.unknown;

  function style(feature) {
    const s = styleOf(feature);
    const width = CityMap.ROAD_WIDTH[feature.properties.road_class];
    return { color: s.color, weight: Math.max(1.5, width * s.factor + (s.extra || 0)), dashArray: s.dashArray || null };
  }

  const roads = L.geoJSON(segments, {
    style,
    onEachFeature: (feature, layer) => layer.bindPopup(() => {
      const p = feature.properties;
      return CityMap.popup([[p.street, true], [NAME[states[feature.id]] + (p.surface_temperature_c == null ? "" : ", " + CityMap.degrees(p.surface_temperature_c)), false], [p.reason, false], [p.source === "neighbour" ? "Estimated from the nearest sensor" : "", false]]);
    }),
  }).addTo(map);

  function paint() {
    roads.setStyle(style);
    marks.clearLayers();
    roads.eachLayer((layer) => {
      const s = styleOf(layer.feature);
      const line = layer.getLatLngs();
      if (s.extra) layer.bringToFront();
      if (s.core) L.polyline(line, { color: "#fff", weight: 2, dashArray: s.core, lineCap: "butt", interactive: false }).addTo(marks);
      if (states[layer.feature.id] !== "ice") return;
      const icon = L.divIcon({ className: "", html: '<span class="icemark"><span>I</span></span>', iconSize: [20, 20] });
      L.marker(line[Math.floor(line.length / 2)], { icon, interactive: false, keyboard: false }).addTo(marks);
    });
  }

  for (const d of depots.features) {
    const [lon, lat] = d.geometry.coordinates;
    L.marker([lat, lon], { keyboard: false, icon: L.divIcon({ className: "", html: '<span class="depot">D</span>', iconSize: [26, 26] }) }).bindPopup(CityMap.popup([[d.properties.label, true]])).addTo(map);
  }
  paint();
  redraw = () => {
    const next = (live && live.states) || {};
    if (Object.keys(next).some((id) => next[id] !== states[id])) { states = next; paint(); }
  };
  redraw();
})();
