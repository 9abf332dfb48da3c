// The list of orders: the order's number is a link.
(function () {
  'use strict';
  const g = window.gridhall;
  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  components.OrderLink = function OrderLink(props) {
    return props.value === undefined ? null : window.React.createElement('a', { href: g.links.order(props.value), className: 'link' }, props.value);
  };
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.target instanceof Element)) return;
    const row = event.target.closest('.ag-row');
    const link = row && row.querySelector('a.link');
    if (link) window.location.assign(link.href);
  });
})();
