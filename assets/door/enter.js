// A wall's link is /enter#TOKEN: what stands behind # is never sent in an address, so it is in no log. It is shown here once.
(function () {
  'use strict';
  window.sessionStorage.removeItem('gridhall.still'); // whatever a page has left here is not for who comes now
  const door = document.getElementById('enter');
  const token = window.location.hash.slice(1);
  const next = new URL(new URLSearchParams(window.location.search).get('next') || '/wall', window.location.origin);
  function refuse() {
    door.querySelector('.wait').hidden = true;
    door.querySelector('.fault').hidden = false;
  }
  async function enter() {
    window.history.replaceState({}, '', window.location.pathname + window.location.search);
    const answer = await fetch('/api/v1/enter', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRFToken': door.dataset.csrf }, body: JSON.stringify({ token }),
    });
    if (answer.ok) window.location.replace(next.origin === window.location.origin ? next : '/wall');
    else refuse();
  }
  if (token) enter().catch(refuse); else refuse();
})();
