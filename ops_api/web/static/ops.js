// The wall itself: says over the whole width when it is stale, shows whole items only, loads itself anew after an
// upgrade. Keeps its own watch: where the stream's script never came, it says that too.
"use strict";
(() => {
  const body = document.body, banner = document.getElementById("wall-lost");
  const STALE_MS = Number(body.dataset.stale) * 1000, TICK_MS = 5000;
  let heard = Date.now(), contact = heard, reloading = false;

  const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  function long(ms) {
    const minutes = Math.floor(ms / 60000), hours = Math.floor(minutes / 60);
    if (minutes < 2) return Math.floor(ms / 1000) + " seconds";
    if (minutes < 120) return minutes + " minutes";
    return hours < 48 ? hours + " hours" : Math.floor(hours / 24) + " days";
  }

  function look() {
    const now = Date.now(), age = now - heard, lost = age > STALE_MS;
    document.documentElement.classList.toggle("is-lost", lost);
    banner.hidden = !lost;
    if (!lost) return;
    const why = now - contact > STALE_MS ? "The server does not answer" : "The server answers, but knows nothing new";
    const text = `NOT LIVE. ${why}. This is how it was at ${clock(heard)}, ${long(age)} ago`;
    if (banner.textContent !== text) banner.textContent = text;
  }

  // Items that stand in a column that nobody sees take no keyboard and are not read out.
  function fit() {
    for (const list of document.querySelectorAll(".fitlist")) {
      const edge = list.getBoundingClientRect().right - 2;
      for (const item of list.children) item.classList.toggle("is-unfit", item.getBoundingClientRect().left > edge);
    }
  }

  document.addEventListener("cityops:live", ({ detail }) => { ({ heard, contact } = detail); look(); });
  document.addEventListener("cityops:state", ({ detail }) => {
    if (detail.build && detail.build !== body.dataset.build && !reloading) {
      reloading = true;
      location.reload();
    }
    fit();
  });
  addEventListener("resize", fit);
  addEventListener("load", fit);
  setInterval(look, TICK_MS);
  fit();
})();
