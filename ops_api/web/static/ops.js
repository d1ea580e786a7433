// The wall itself: says over the whole width when it is stale, shows whole items only, loads itself anew after an
// upgrade. Keeps its own watch: where the stream's script never came, it says that too.
"use strict";
(() => {
  const body = document.body, banner = document.getElementById("wall-lost");
  const STALE_MS = Number(body.dataset.stale) * 1000, TICK_MS = 5000, PATIENCE_MS = 20000, YOUNG_MS = 20000;
  // How old the picture is and how long the server has been silent, and how often we looked since we were told: live.js tells
  // as often as we look. Its clock is never put back; the time that is shown is the town's, from the picture itself.
  let told = { age: 0, silent: 0 }, looks = 0, reloading = false;

  function long(ms) {
    const minutes = Math.floor(ms / 60000), hours = Math.floor(minutes / 60);
    if (minutes < 2) return Math.floor(ms / 1000) + " seconds";
    if (minutes < 120) return minutes + " minutes";
    return hours < 48 ? hours + " hours" : Math.floor(hours / 24) + " days";
  }

  function look() {
    const age = told.age + looks * TICK_MS, lost = age > STALE_MS;
    document.documentElement.classList.toggle("is-lost", lost);
    banner.hidden = !lost;
    if (!lost) return;
    const why = told.silent + looks * TICK_MS > STALE_MS ? "The server does not answer" : "The server answers, but knows nothing new";
    const text = `NOT LIVE. ${why}. This is how it was at ${document.querySelector(".wall__time").textContent}, ${long(age)} ago`;
    if (banner.textContent !== text) banner.textContent = text;
  }

  // Only where the server gives the page: one that is being upgraded would leave an error on the wall for a week. Not at
  // once: of several servers one may still be the old one.
  async function reload() {
    try {
      if ((await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) })).ok) return location.reload();
    } catch { /* it is asked again */ }
    reloading = false;
  }

  // Items that stand in a column that nobody sees take no keyboard and are not read out.
  function fit() {
    for (const list of document.querySelectorAll(".fitlist")) {
      const edge = list.getBoundingClientRect().right - 2;
      for (const item of list.children) item.classList.toggle("is-unfit", item.getBoundingClientRect().left > edge);
    }
  }

  document.addEventListener("cityops:live", ({ detail }) => { told = detail; looks = 0; look(); });
  document.addEventListener("cityops:state", ({ detail }) => {
    if (detail.build && detail.build !== body.dataset.build && !reloading) {
      reloading = true;
      setTimeout(reload, Math.max(0, YOUNG_MS - performance.now()) + Math.random() * TICK_MS);
    }
    fit();
  });
  addEventListener("resize", fit);
  addEventListener("load", fit);
  setInterval(() => { looks += 1; look(); }, TICK_MS);
  fit();
})();
