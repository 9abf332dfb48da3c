// Photos and files of an order: small pictures, one large view with Esc, and files by their names.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h } = g.kit;
  let view = null; // {sheet, photos, at, before}

  const isPicture = (photo) => /^image\//.test(photo.type || 'image/');

  function thumb(photo, index, photos) {
    const said = [photo.stage && g.words('stage.' + photo.stage), g.format.moment(photo.at_ms)].filter(Boolean).join(' ');
    if (!isPicture(photo)) {
      return h('a', { class: 'photo file', href: g.api.fileUrl(photo.file), target: '_blank', rel: 'noopener', 'data-keep': photo.file },
        h('b', {}, photo.name || photo.type), h('span', { class: 'photo-when' }, said));
    }
    const picture = h('img', { src: g.api.fileUrl(photo.file, { thumb: true }), alt: said, loading: 'lazy' });
    picture.addEventListener('error', () => picture.replaceWith(h('span', { class: 't3' }, g.words('desk.photo.gone'))));
    return h('button', { class: 'photo', type: 'button', 'data-keep': photo.file, 'aria-label': g.words('desk.photo.open', { t: said }),
      onclick: () => open(photos, index) }, picture, h('span', { class: 'photo-when' }, said));
  }

  // The stage in which a photo was taken: that of the trail at its instant.
  function withStages(detail) {
    const stages = g.config.stages;
    return detail.photos.map((photo) => {
      const step = [...detail.trail].reverse().find((each) => each.at_ms !== null && each.at_ms <= photo.at_ms);
      return { ...photo, stage: step && step.stage >= 0 ? stages[step.stage] : '' };
    });
  }

  function photos(detail) {
    const all = withStages(detail);
    return all.map((photo, index) => thumb(photo, index, all));
  }

  // ---- the large view
  function open(all, index) {
    close();
    const sheet = h('div', { class: 'viewer', role: 'dialog', 'aria-modal': 'true', 'aria-label': g.words('desk.photos') });
    view = { sheet, photos: all.filter(isPicture), before: document.activeElement };
    view.at = view.photos.indexOf(all[index]);
    document.body.append(sheet);
    draw();
  }

  function draw() {
    const photo = view.photos[view.at];
    const many = view.photos.length > 1;
    view.sheet.replaceChildren(...[
      h('img', { src: g.api.fileUrl(photo.file), alt: photo.name || '' }),
      h('div', { class: 'viewer-foot' }, many ? h('button', { class: 'button', type: 'button', 'aria-label': g.words('desk.photo.before'), onclick: () => step(-1) }, '←') : null,
        h('span', {}, [photo.stage && g.words('stage.' + photo.stage), g.format.moment(photo.at_ms), photo.name,
          many ? `${view.at + 1} / ${view.photos.length}` : ''].filter(Boolean).join(' · ')),
        many ? h('button', { class: 'button', type: 'button', 'aria-label': g.words('desk.photo.next'), onclick: () => step(1) }, '→') : null,
        h('button', { class: 'button', type: 'button', 'data-viewer-close': '', onclick: close }, g.words('close'), h('kbd', { class: 'key' }, 'Esc'))),
    ]);
    view.sheet.querySelector('[data-viewer-close]').focus();
  }

  function step(by) {
    view.at = (view.at + by + view.photos.length) % view.photos.length;
    draw();
  }

  function close() {
    if (!view) return;
    const { sheet, before } = view;
    view = null;
    sheet.remove();
    if (before && before.isConnected) before.focus();
  }

  const KEYS = { Escape: () => close(), ArrowLeft: () => view.photos.length > 1 && step(-1), ArrowRight: () => view.photos.length > 1 && step(1), Tab: turn };
  function turn(event) {
    const all = [...view.sheet.querySelectorAll('button')];
    all[(all.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1) + all.length) % all.length].focus();
  }
  document.addEventListener('keydown', (event) => {
    if (!view || event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopImmediatePropagation(); // what lies below the large view takes no keys
    if (!KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key](event);
  }, true);

  g.orderPhotos = { photos, close, get open() { return Boolean(view); } };
})();
