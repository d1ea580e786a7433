// The code of a label that was scanned stands behind the #, which no server is sent: it goes into the form.
(() => {
  const field = document.querySelector("[data-claim]");
  const code = decodeURIComponent(location.hash.slice(1));
  if (field && !field.value && /^[0-9A-Za-z-]{18,30}$/.test(code)) {
    field.value = code;
    history.replaceState(null, "", location.pathname);
  }
})();
