// Who is logged in, and the way out; the tabs that he has no right to are not shown (the server refuses them anyway).
(function () {
  'use strict';
  const g = window.gridhall;
  const { h } = g.kit;

  g.panels.define('who', {
    still: true,
    draw(body, figures, panel) {
      const me = g.api.me;
      if (!me || panel.made) return;
      panel.made = true;
      const name = [me.title || me.name, (me.role_names || [])[0]].filter(Boolean).join(' · ');
      panel.append(h('a', { class: 'who-name-link', href: g.shell.address('/account'), title: [me.name, ...(me.role_names || []), me.scope_name].filter(Boolean).join(' · ') }, name),
        h('form', { method: 'post', action: '/logout' }, h('input', { type: 'hidden', name: 'csrf_token', value: me.csrf }),
          h('button', { type: 'submit', class: 'desk-tool' }, g.words('door.logout'))));
      for (const tab of document.querySelectorAll('.top-tabs [data-right]')) tab.hidden = !me.rights.includes(tab.dataset.right);
    },
  });

  // What one sees here: the scope, in the status bar.
  g.panels.define('scope', {
    still: true,
    draw(body, figures, panel) {
      const me = g.api.me;
      if (me) g.kit.text(panel, g.words('desk.scope', { s: me.scope_name || g.config.title, d: (me.role_names || []).join(g.words('desk.comma')) }));
    },
  });
})();
