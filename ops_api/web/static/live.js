// Keeps a page's live parts fresh: one event stream; polling where the stream fails.
"use strict";
(() => {
  const url = document.body.dataset.live;
  if (!url) return;
  const POLL_MS = 10000, STALE_MS = 60000, RETRY_STREAM_MS = 60000, SILENT_MS = 120000;
  const [path, query] = url.split("?");
  const suffix = query ? "?" + query : "";
  const status = document.getElementById("live-status");
  let source = null, polling = 0, failures = 0, heard = Date.now();
  const shown = new Map();

  function say(text, stale) {
    document.documentElement.classList.toggle("stale", stale);
    if (status && status.textContent !== text) status.textContent = text;
  }

  function swap(element, html) {
    // Never take the ground from under somebody's fingers: wait until the focus has left.
    if (element.contains(document.activeElement)) {
      element.addEventListener("focusout", () => setTimeout(() => swap(element, html), 300), { once: true });
      return;
    }
    const open = new Set([...element.querySelectorAll("details[open][id]")].map((d) => d.id));
    const scrolled = [...element.querySelectorAll("ul, ol, table")].map((e) => e.scrollTop);
    element.innerHTML = html;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    [...element.querySelectorAll("ul, ol, table")].forEach((e, i) => { if (scrolled[i]) e.scrollTop = scrolled[i]; });
  }

  function apply(text) {
    const state = JSON.parse(text);
    heard = Date.now();
    failures = 0;
    say("Live", false);
    for (const [name, html] of Object.entries(state.fragments)) {
      const element = document.getElementById("live-" + name);
      if (element && shown.get(name) !== html) { shown.set(name, html); swap(element, html); }
    }
    document.dispatchEvent(new CustomEvent("cityops:state", { detail: state }));
  }

  async function poll() {
    try {
      const response = await fetch(url, { cache: "no-store" });
      if (response.ok) apply(await response.text());
    } catch { /* the stale mark says it */ }
  }

  function startPolling() {
    if (polling) return;
    polling = setInterval(poll, POLL_MS);
    poll();
    setTimeout(connect, RETRY_STREAM_MS);
  }

  function connect() {
    source?.close();
    source = new EventSource(path + "/stream" + suffix);
    source.addEventListener("open", () => { heard = Date.now(); failures = 0; clearInterval(polling); polling = 0; say("Live", false); });
    source.addEventListener("state", (event) => apply(event.data));
    source.addEventListener("error", () => {
      failures += 1;
      if (Date.now() - heard <= STALE_MS) say("Reconnecting", false);
      if (failures >= 3 || source.readyState === EventSource.CLOSED) { source.close(); startPolling(); }
    });
  }

  setInterval(() => {
    // A stream whose far end vanished without a word stays open for ever: ask anew.
    if (source?.readyState === EventSource.OPEN && Date.now() - heard > SILENT_MS) connect();
    const broken = polling || (source && source.readyState !== EventSource.OPEN);
    if (broken && Date.now() - heard > STALE_MS) {
      const at = new Date(heard).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      say("Not live: last update " + at, true);
    }
  }, 5000);
  // A page that leaves closes its stream at once: browsers allow six per host.
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  connect();
})();
