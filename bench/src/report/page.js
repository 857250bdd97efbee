'use strict';
const style = document.getElementById('plot-style').textContent;
for (const figure of document.querySelectorAll('figure.plot')) {
  const svg = figure.querySelector('svg');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'SVG';
  button.title = 'Save this plot as SVG';
  button.setAttribute('aria-label', `Save as SVG: ${svg.getAttribute('aria-label')}`);
  button.addEventListener('click', () => {
    const copy = svg.cloneNode(true);
    const inner = document.createElementNS('http://www.w3.org/2000/svg', 'style');
    inner.textContent = style;
    copy.prepend(inner);
    const blob = new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${svg.dataset.name}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  figure.append(button);
}
const open = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (!target) return;
  const folded = target.closest('details');
  if (folded && !folded.open) {
    folded.open = true;
    target.scrollIntoView();
  }
};
addEventListener('hashchange', open);
open();
