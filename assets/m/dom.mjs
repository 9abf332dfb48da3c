/** Elements without markup: text is always text. And the few line icons of the page. */

const SVG = "http://www.w3.org/2000/svg";

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** el("p", {class: "t3", onclick}, "text", child …) */
export const el = (tag, props, ...children) => filled(document.createElement(tag), props, children);

/** The same for a drawing. */
export const svg = (tag, props, ...children) => filled(document.createElementNS(SVG, tag), props, children);

const ICONS = {
  orders: "M5 4h14v16H5z M8.5 9h7 M8.5 13h7 M8.5 17h4",
  grid: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11z M12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  report: "M12 5v14 M5 12h14",
  me: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  back: "M15 4l-8 8 8 8",
  next: "M9 5l7 7-7 7",
  close: "M5 5l14 14 M19 5L5 19",
  camera: "M3 8h4l2-3h6l2 3h4v12H3z M12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  pictures: "M3 5h18v14H3z M3 16l5-5 4 4 3-3 6 6",
  target: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12z M12 2v5 M12 17v5 M2 12h5 M17 12h5",
  plus: "M12 5v14 M5 12h14",
  minus: "M5 12h14",
  wide: "M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5",
};

export const icon = (name, more = "") =>
  svg("svg", { class: `icon ${more}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));

const LIGHTS = { green: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", yellow: "M12 3.5L21.5 20h-19z", red: "M4 4h16v16H4z" };

/** ● ▲ ■ of an order, a ring for one that has ended; the words beside it say the same. */
export const light = (name) =>
  svg("svg", { class: `light ${name ?? "ended"}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: LIGHTS[name] ?? LIGHTS.green }));

/** Puts `children` in the place of all that `node` has. */
export const fill = (node, ...children) => node.replaceChildren(...children.flat(Infinity).filter(Boolean));
