/**
 * Loads this page anew behind a picture of itself: a copy of all that stands here, without scripts, with each canvas as an image.
 * assets/door/cover.js lays it over the new page until that is complete. All state of a page is in its address.
 */
(function (gridhall) {
  "use strict";

  const STILL = "gridhall.still"; // in the tab's own storage, for the moment between two pages
  const QUALITIES = [0.9, 0.6, 0.3]; // of the canvases' images, until the picture fits into the storage
  const ASK_MS = 5000;

  function styles() {
    return [...document.styleSheets].map((sheet) => {
      try {
        return [...sheet.cssRules].map((rule) => rule.cssText).join("\n");
      } catch {
        return ""; // another origin's: we have none
      }
    }).join("\n");
  }

  /** The page as HTML that needs nothing else. What draws by WebGL is drawn once more: its picture is there only until then. */
  function still(quality) {
    const copy = document.documentElement.cloneNode(true);
    for (const element of copy.querySelectorAll("script, link, iframe, noscript, .watchdog")) element.remove();
    gridhall.map?.main?.layers?.workers?.redraw?.();
    const drawn = [...document.querySelectorAll("canvas")];
    for (const [i, canvas] of [...copy.querySelectorAll("canvas")].entries()) canvas.replaceWith(image(drawn[i], quality));
    const style = document.createElement("style");
    style.textContent = styles();
    copy.querySelector("head").append(style);
    return `<!doctype html>${copy.outerHTML}`;
  }

  function image(canvas, quality) {
    const picture = document.createElement("img");
    for (const { name, value } of canvas.attributes) if (name !== "width" && name !== "height") picture.setAttribute(name, value);
    picture.style.width ||= `${canvas.clientWidth}px`;
    picture.style.height ||= `${canvas.clientHeight}px`;
    if (canvas.width && canvas.height && canvas.style.visibility !== "hidden") picture.src = canvas.toDataURL("image/webp", quality);
    return picture;
  }

  /** Keeps the picture for the next page; false when no storage takes it: then the page is dark for a moment. */
  function keepStill() {
    for (const quality of QUALITIES) {
      try {
        sessionStorage.setItem(STILL, `${Date.now()}\n${still(quality)}`);
        return true;
      } catch {
        sessionStorage.removeItem(STILL);
      }
    }
    return false;
  }

  /** Loads the page anew. False, and nothing happens, when the server does not answer. */
  gridhall.renew = async () => {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
    if (!answer?.ok) return false;
    keepStill();
    location.reload();
    return true;
  };
  gridhall.still = still;
})((globalThis.gridhall ??= {}));
