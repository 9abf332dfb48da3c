// Before anything is painted: the theme that was chosen, or the phone's own; and the language that was chosen.
(function () {
  "use strict";
  const root = document.documentElement;
  const light = window.matchMedia("(prefers-color-scheme: light)");

  function kept(name) {
    try {
      return window.localStorage.getItem(`gridhall.${name}`);
    } catch {
      return null; // a browser that keeps nothing
    }
  }

  function paint() {
    const chosen = kept("theme") ?? "auto";
    const theme = chosen === "auto" ? (light.matches ? "light" : "dark") : chosen;
    root.dataset.theme = theme;
    const meta = document.querySelector("meta[name=theme-color]");
    if (meta) meta.content = getComputedStyle(root).getPropertyValue("--bg1").trim();
  }

  const lang = kept("lang");
  const told = new URLSearchParams(window.location.search).get("lang");
  if (!told && lang && lang !== root.lang.slice(0, 2)) {
    window.location.replace(`${window.location.pathname}?lang=${lang}${window.location.hash}`);
  }
  light.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", paint);
  window.gridhallPaint = paint;
  paint();
})();
