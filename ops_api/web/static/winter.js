// Road states on the map: colour, width and dash pattern each tell them apart; ice has a mark too.
"use strict";
(async () => {
  const element = document.getElementById("map");
  const STYLE = {
    dry: { color: "#a3b4b6", extra: 0 },
    damp: { color: "#5f97b0", extra: 0, dashArray: "2 5" },
    wet: { color: "#17699b", extra: 0.5, dashArray: "10 5" },
    hoar: { color: "#6a2ca0", extra: 2.5, dashArray: "4 5" },
    ice: { color: "#b3121f", extra: 3.5 },
    snow: { color: "#10262d", extra: 3.5, dashArray: "14 5" },
    unknown: { color: "#9aa7aa", extra: -0.5, dashArray: "1 6" },
  };
  const NAME = { dry: "Dry", damp: "Damp", wet: "Wet", hoar: "Hoar frost", ice: "Ice", snow: "Snow", unknown: "Not known" };
  const map = CityMap.make(element);
  const [segments, depots] = await Promise.all([CityMap.json(element.dataset.segments), CityMap.json(element.dataset.depots)]);
  CityMap.casing(map, segments);
  const marks = L.layerGroup().addTo(map);
  let states = Object.fromEntries(segments.features.map((f) => [f.id, f.properties.state]));

  function style(feature) {
    const s = STYLE[states[feature.id]] || STYLE.unknown;
    const width = CityMap.ROAD_WIDTH[feature.properties.road_class];
    return { color: s.color, weight: Math.max(1.5, width * 0.62 + s.extra), dashArray: s.dashArray || null, lineCap: s.dashArray ? "butt" : "round" };
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
      const state = states[layer.feature.id];
      if (state !== "ice" && state !== "snow") return;
      layer.bringToFront();
      const line = layer.getLatLngs();
      const icon = L.divIcon({ className: "", html: '<span class="icemark"><span>' + (state === "ice" ? "I" : "S") + "</span></span>", iconSize: [20, 20] });
      L.marker(line[Math.floor(line.length / 2)], { icon, interactive: false, keyboard: false }).addTo(marks);
    });
  }

  for (const d of depots.features) {
    const [lon, lat] = d.geometry.coordinates;
    L.marker([lat, lon], { keyboard: false, icon: L.divIcon({ className: "", html: '<span class="depot">D</span>', iconSize: [26, 26] }) }).bindPopup(CityMap.popup([[d.properties.label, true]])).addTo(map);
  }
  CityMap.fit(map, roads);
  paint();
  document.addEventListener("cityops:state", (event) => {
    const next = event.detail.states || {};
    if (Object.keys(next).some((id) => next[id] !== states[id])) { states = next; paint(); }
  });
})();
