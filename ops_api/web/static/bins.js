// Bins and rounds on the map: each lorry's way in its colour, dashes and letter; a pin with letter and number for
// what is to be emptied; a hollow dot for the rest. Driven ways are thin.
"use strict";
(async () => {
  const DASHES = [null, "10 5", "2 6", "14 4 2 4", "6 6", "18 6", "4 4", "12 3 4 3"];
  const COLORS = CityMap.DARK ? ["#5fc4cc", "#d39be0", "#ff9d5c", "#8fb4ff", "#ff8b98", "#a8cf6a", "#c4c4c4", "#ff8fc0"] : ["#0b5c63", "#7a2a8a", "#b4531a", "#1d4f9e", "#8f1420", "#3f6212", "#4a4a4a", "#9d174d"];
  const LOOKS = COLORS.map((color, i) => [color, DASHES[i]]);
  const WORDS = { ok: "Not full", full: "Full", overflowing: "Overflowing", unknown: "Not known" };
  const element = document.getElementById("map"), legend = document.getElementById("legend");
  let town = null, states = null, loading = false;
  const map = CityMap.make(element);
  const ways = L.layerGroup().addTo(map), marks = L.layerGroup().addTo(map);

  const flip = (line) => line.map(([lon, lat]) => [lat, lon]);
  const icon = (text, name, size = 24) => {
    const e = document.createElement("span");
    e.className = name;
    e.textContent = text;
    return L.divIcon({ className: "", html: e.outerHTML, iconSize: [size, size] });
  };

  function drawWays() {
    ways.clearLayers();
    for (const lorry of town.lorries) {
      const [color, dashArray] = LOOKS[lorry.look];
      if (lorry.done.length) L.polyline(lorry.done.map(flip), { color, weight: 1.5, opacity: 0.6, interactive: false }).addTo(ways);
      if (lorry.to_do.length) L.polyline(lorry.to_do.map(flip), { color, weight: 3.5, opacity: 0.85, dashArray, interactive: false }).addTo(ways);
      if (lorry.at) L.marker(flip([lorry.at])[0], { icon: icon(lorry.letter, "lorry lorry--at lorry--" + lorry.look, 26), keyboard: false, zIndexOffset: 900 }).bindPopup(CityMap.popup([["Lorry " + lorry.id, true]])).addTo(ways);
    }
    for (const site of town.sites) L.marker(flip([site.at])[0], { icon: icon(site.kind === "tip" ? "T" : "D", "depot" + (site.kind === "tip" ? " depot--tip" : ""), 26), keyboard: false }).bindPopup(CityMap.popup([[(site.kind === "tip" ? "Tip " : "Yard ") + site.id, true]])).addTo(ways);
  }

  function drawBins() {
    marks.clearLayers();
    for (const b of town.bins) {
      const [state, fill, tag, waits] = (states && states[b.id]) || b.state, place = flip([b.at])[0];
      const about = CityMap.popup([[b.label, true], [WORDS[state] + (fill == null ? "" : ", " + Math.round(fill) + "%") + (tag ? ", stop " + tag : ""), false], [waits, false], [b.why, false]]);
      const link = document.createElement("a");
      link.href = "/bins/" + encodeURIComponent(b.id);
      link.textContent = "This bin";
      about.append(link);
      let marker;
      if (tag || state === "full" || state === "overflowing") marker = L.marker(place, { icon: icon(tag || "!", "pin pin--" + state), keyboard: false, zIndexOffset: state === "overflowing" ? 500 : state === "full" ? 200 : 0 });
      else {
        const dashed = state === "unknown";
        marker = L.circleMarker(place, { radius: 4.5, color: CityMap.DARK ? "#8fc7bb" : dashed ? "#6b777a" : "#4f7f74", weight: 1.75, fillColor: CityMap.GROUND, fillOpacity: 1, dashArray: dashed ? "2 3" : null });
      }
      marker.bindPopup(about).addTo(marks);
    }
  }

  function explain() {
    for (const old of legend.querySelectorAll("[data-lorry]")) old.remove();
    for (const lorry of town.lorries.filter((l) => l.done.length || l.to_do.length)) {
      const [color, dashes] = LOOKS[lorry.look], item = document.createElement("li"), name = document.createElement("span");
      item.dataset.lorry = lorry.id;
      item.innerHTML = `<svg width="40" height="10" viewBox="0 0 40 10" aria-hidden="true" focusable="false"><path d="M0 5H40" stroke="${color}" stroke-width="3.5" stroke-dasharray="${dashes || "none"}"/></svg> `;
      name.textContent = lorry.letter + ": " + lorry.id;
      item.append(name);
      legend.append(item);
    }
  }

  async function load() {
    if (loading) return;
    loading = true;
    try {
      town = await CityMap.json(element.dataset.map);
      drawWays();
      drawBins();
      explain();
    } finally { loading = false; }
  }

  document.addEventListener("cityops:state", ({ detail }) => {
    states = detail.states;
    if (!town) return;
    if (detail.mark !== town.mark) load().catch(() => {}); // the next event tries again
    else drawBins();
  });

  const segments = CityMap.json(element.dataset.segments);
  await load();
  const roads = await segments;
  const all = L.latLngBounds(town.bins.map((b) => flip([b.at])[0]));
  if (all.isValid()) map.fitBounds(all, { padding: [24, 24], animate: false });
  else CityMap.fit(map, L.geoJSON(roads));
  CityMap.casing(map, roads, -0.5).bringToBack();
})();
