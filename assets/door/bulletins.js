// The progress bars of bulletins in the making: asked for every second while there are any; when one is done the page shows it.
(function () {
  'use strict';
  const page = document.getElementById('bulletins');
  const bars = [...document.querySelectorAll('.job')].filter((bar) => ['waiting', 'running'].includes(bar.dataset.state));
  async function look(bar) {
    const answer = await fetch(`/api/v1/bulletins/jobs/${bar.dataset.job}?lang=${page.dataset.lang}`);
    if (!answer.ok) return false;
    const job = await answer.json();
    bar.dataset.state = job.state;
    bar.querySelector('progress').value = job.percent;
    bar.querySelector('.percent').textContent = `${job.percent} %`;
    bar.querySelector('.step').textContent = job.fault || job.step_name;
    return job.state === 'done' || job.state === 'failed';
  }
  async function again() {
    const over = await Promise.all(bars.map((bar) => look(bar).catch(() => false)));
    if (over.some(Boolean)) window.location.assign(window.location.pathname + window.location.search);
    else window.setTimeout(again, 1000);
  }
  if (bars.length) window.setTimeout(again, 500);
})();
