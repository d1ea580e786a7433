// What a crew taps is kept on the telephone until the server has it: IndexedDB holds photos too, and outlives the page.
"use strict";
const CrewQueue = (() => {
  const NAME = "cityops-crew", STORE = "taps";

  function opened() {
    return new Promise((done, failed) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key", autoIncrement: true });
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  }

  async function run(mode, work) {
    const db = await opened();
    try {
      return await new Promise((done, failed) => {
        const change = db.transaction(STORE, mode);
        const request = work(change.objectStore(STORE));
        change.oncomplete = () => done(request.result);
        change.onabort = change.onerror = () => failed(change.error);
      });
    } finally { db.close(); }
  }

  return {
    all: () => run("readonly", (store) => store.getAll()),
    put: (tap) => run("readwrite", (store) => store.put(tap)),
    drop: (key) => run("readwrite", (store) => store.delete(key)),
  };
})();
