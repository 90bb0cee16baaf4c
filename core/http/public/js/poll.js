// <div id="…" data-poll="1000">: every so many milliseconds fetches this page again and takes over the element of the same id, until that
// element no longer asks to be polled. Without script a <noscript> refresh in the page does the same.
const SLOWEST_MS = 15_000;

for (const region of document.querySelectorAll('[data-poll]')) schedule(region.id, Number(region.dataset.poll));

function schedule(id, wait) {
  setTimeout(() => {
    const request = new XMLHttpRequest(); // its document parser runs no script and needs no Trusted Types policy
    request.responseType = 'document';
    request.open('GET', location.href);
    request.addEventListener('load', () => {
      const fresh = request.status === 200 ? request.responseXML?.getElementById(id) : null;
      if (!fresh) return location.reload(); // signed out or gone: let the server say so
      const region = document.importNode(fresh, true);
      document.getElementById(id).replaceWith(region);
      if (region.dataset.poll) schedule(id, Number(region.dataset.poll));
    });
    request.addEventListener('error', () => schedule(id, Math.min(wait * 2, SLOWEST_MS)));
    request.send();
  }, wait);
}
