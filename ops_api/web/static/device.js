// One zoomable chart per field of a device.
"use strict";
(async () => {
  const box = document.getElementById("series");
  const response = await fetch(box.dataset.url);
  if (!response.ok) return;
  const rows = (await response.json()).rows;
  const times = rows.map((r) => Date.parse(r.ts) / 1000);
  const style = getComputedStyle(document.documentElement), named = (name) => style.getPropertyValue(name).trim();
  const drawn = { stroke: named("--ink"), grid: { stroke: named("--grid") }, ticks: { stroke: named("--edge") } };
  const charts = [];
  for (const element of box.querySelectorAll(".series")) {
    const values = rows.map((r) => r[element.dataset.field]);
    charts.push([element, new uPlot({
      width: element.clientWidth, height: 200, legend: { show: false }, cursor: { sync: { key: "device" }, drag: { x: true, y: false } },
      axes: [{ ...drawn, space: 70, values: [[3600, "{HH}:{mm}", "\n{DD}/{MM}", null, null, null, null, null, 1], [60, "{HH}:{mm}", null, null, null, null, null, null, 1]] }, { ...drawn, size: 60 }],
      series: [{}, { stroke: named("--accent"), width: 2, points: { show: false } }],
    }, [times, values], element)]);
  }
  addEventListener("resize", () => { for (const [element, chart] of charts) chart.setSize({ width: element.clientWidth, height: 200 }); });
})();
