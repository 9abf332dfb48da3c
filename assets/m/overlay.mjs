/** What lies over the page for a moment: the phone's own back button closes it, as everything else on a phone. */

const open = [];

addEventListener("popstate", () => {
  const top = open.pop();
  if (!top) return;
  top.node.remove();
  top.before?.focus?.();
  top.closed();
});

/** Shows `node` over the page; `closed()` once it is gone. Returns how to close it. */
export function show(node, closed = () => {}) {
  const top = { node, closed, before: document.activeElement };
  open.push(top);
  document.body.append(node);
  history.pushState({ overlay: open.length }, "");
  (node.querySelector("[autofocus]") ?? node.querySelector("button, input"))?.focus({ preventScroll: true });
  return () => open.includes(top) && history.back();
}
