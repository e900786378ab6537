// Runs before the first paint, so that a chosen colour scheme does not flash in the other one.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("concord.scheme");
  } catch {
    // Storage may be forbidden; the system's scheme is then the one.
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
})();
