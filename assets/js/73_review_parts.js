// The parts of the review come as HTML text from the server and are put into the page that stands: what is the same stays, so that
// nothing loses its place, its focus or its scroll when the figures are told anew.
(function () {
  'use strict';
  const KEPT = new Set(['data-drawn', 'data-fault']);

  function alike(from, to) {
    return from.nodeType === to.nodeType && from.nodeName === to.nodeName;
  }
  function attributes(from, to) {
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  // Makes `from` what `to` is. What is inside of a panel is its script's.
  function morph(from, to) {
    if (from.nodeType !== Node.ELEMENT_NODE) { if (from.data !== to.data) from.data = to.data; return; }
    attributes(from, to);
    if (!from.hasAttribute('data-panel')) children(from, to);
  }
  function children(from, to) {
    const wanted = [...to.childNodes];
    const held = [...from.childNodes];
    wanted.forEach((node, i) => {
      if (i >= held.length) from.append(node);
      else if (alike(held[i], node)) morph(held[i], node);
      else held[i].replaceWith(node);
    });
    for (const node of held.slice(wanted.length)) node.remove();
  }
  function fill(parts) {
    for (const [id, text] of Object.entries(parts || {})) {
      const place = document.getElementById(id);
      if (!place) continue;
      const template = document.createElement('template');
      template.innerHTML = text;
      children(place, template.content);
    }
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.gridhall = { ...window.dash_clientside.gridhall, review: fill };
  (window.gridhall = window.gridhall || {}).morph = children;
})();
